// The atlas: all heads over two scores, and one score of all heads. Points, cells and rows are links to their head.

import { h, put } from '../../page/dom.js';
import { createThumbnails } from '../heads/thumbnails.js';
import { METRICS, headsOf, metricsOf, scoredOf } from '../heads/scored.js';
import { createSource } from '../heads/source.js';
import { anyOf, placeOf } from '../place.js';
import { byKind, frameOf, framed } from './atlas_frame.js';
import { createScoreGrid } from './atlas_grid.js';
import { createScatter } from './atlas_scatter.js';
import { createSide } from './atlas_side.js';

export const atlas = { name: 'atlas', title: 'Atlas', hint: 'all heads by two scores', create: createAtlas };

const TICKS = [0, 0.05, 0.2, 0.5, 1];

function createAtlas(page, box) {
  const { store } = page;
  const { colour } = createThumbnails(page);
  const [count, sentence] = [h('span', { class: 'm' }), h('p', { class: 'sentence', 'aria-live': 'polite' })];
  const [up, across] = [choice('up', 'Score that goes up'), choice('across', 'Score that goes right')];
  const of = choice('of', 'Score of the grid', {});
  const [scatterBox, gridBox, legend] = [h('div', { class: 'scatter' }), h('div', { class: 'score-grid' }), h('div', { class: 'scale' })];
  const source = createSource(page);
  const sourceBox = h('div', { class: 'source' }, source.box);
  const side = h('aside', { class: 'atlas-side', 'aria-label': 'Heads in the frame' });
  box.closest('.columns').append(side);
  box.classList.add('atlas');
  put(
    box, h('div', { class: 'mh' }, h('h2', {}, 'Atlas'), count, h('span', { class: 'grow' }), h('label', {}, 'up', up), h('label', {}, 'right', across)),
    h('div', { class: 'body' }, sourceBox, sentence, scatterBox, h('label', { class: 'of' }, of, h('span', { class: 'm' }, 'of every head')), gridBox),
    h('div', { class: 'mf' }, legend),
  );
  const parts = { scatter: createScatter(page, scatterBox), grid: createScoreGrid(page, gridBox, colour), side: createSide(page, side) };
  // Other axes have another frame.
  function choice(key, label, patch = { frame: null }) {
    const select = h('select', { 'aria-label': label, onchange: () => store.select({ [key]: select.value, ...patch }) });
    return select;
  }

  // Scores that this text lacks are replaced by ones it has.
  function chosen(scores) {
    const usable = metricsOf(scores);
    const { up: high, across: wide, of: wished } = store.selection;
    const first = usable.includes(high) ? high : usable[0];
    const second = usable.includes(wide) && wide !== first ? wide : usable.find((metric) => metric !== first) ?? first;
    return { usable, up: first, across: second, of: usable.includes(wished) ? wished : first };
  }

  function choices({ usable, ...now }) {
    for (const [key, select] of [['up', up], ['across', across], ['of', of]]) {
      put(select, usable.map((metric) => h('option', { value: metric }, METRICS[metric])));
      select.value = now[key];
    }
  }

  function said(inside, heads, frame) {
    if (!frame) return put(sentence, 'Draw a frame in the scatter to choose heads.');
    return put(sentence, h('b', {}, `${inside.length} of ${heads.length} heads`), ` ${inside.length === 1 ? 'is' : 'are'} in the frame${byKind(inside)}.`);
  }

  function drawScale() {
    const steps = Array.from({ length: 17 }, (_, at) => colour((at / 16) ** 2));
    put(
      legend, h('span', { class: 'ramp', style: { background: `linear-gradient(to right, ${steps.join(', ')})` } }),
      h('span', { class: 'ticks' }, TICKS.map((tick) => h('span', { style: { left: `${100 * Math.sqrt(tick)}%` } }, String(tick).replace('0.', '.')))),
      h('span', { class: 'm' }, 'share of the largest score; outlined: in the frame'),
    );
  }

  return {
    update(changed) {
      const { run } = store.data;
      if (!run?.types?.length) return;
      const [scored, heads] = [scoredOf(store), headsOf(run)];
      const now = chosen(scored.scores);
      const frame = frameOf({ ...store.selection, ...now }, scored);
      const inside = framed(frame, heads, scored.scores, now);
      const drawing = { run, heads, inside, frame, scored, shown: placeOf(store).name, ...now };
      put(count, `${heads.length} heads over ${scored === store.data.random ? `${scored.sequences} random sequences` : scored.said}`);
      source.update(changed);
      sourceBox.hidden = !run.sweeps?.length;
      if (anyOf(changed, 'run', 'scored', 'random', 'swept', 'sweep', 'up', 'across', 'of')) choices(now);
      said(inside, heads, frame);
      if (anyOf(changed, 'run', 'size')) parts.grid.build(run, heads);
      if (anyOf(changed, 'run', 'theme')) drawScale();
      parts.grid.draw(drawing, now.of);
      parts.scatter.draw(drawing);
      parts.side.draw(drawing);
    },
  };
}

export const atlasKeys = { Escape: ({ store }) => store.selection.look === 'atlas' && store.select({ frame: 'none' }) };
