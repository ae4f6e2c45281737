// All heads in layer order: a thumbnail each, or a cell coloured by its score where there are many heads.

import { h, put } from '../../page/dom.js';
import { shortText } from '../../page/draw/format.js';
import { anyOf, placeOf } from '../place.js';
import { lookOf } from '../../page/layer_glyph.js';
import { choose, toggle } from './actions.js';
import { labelOf, layerGlyph } from './badges.js';
import { METRICS, fullOf, headsOf, isFound, metricFor, scoredOf, valueOf } from './scored.js';
import { pictured } from './thumbnails.js';

// Beyond so many heads a thumbnail is too small to show anything.
export const MOST_THUMBNAILS = 100;
export const isLarge = (run) => run.layers.length * run.heads > MOST_THUMBNAILS;
const PIN_NAMES = 'ABCD';
// Heads beyond so many go on in a line below.
const WIDEST = 32;

export function createGrid(page, thumbnails) {
  const { store } = page;
  const box = h('div', { class: 'head-grid', onclick: click });
  let cells = []; // [{head, element, canvas}]
  let painted = 0; // the latest painting, so that an older one that comes late is dropped

  function click(event) {
    const element = event.target.closest('.th');
    if (!element) return;
    if (event.shiftKey || event.target.closest('.x')) toggle(page, element.dataset.head);
    else choose(page, element.dataset.head);
  }

  function build(run) {
    const large = isLarge(run);
    box.classList.toggle('cells', large);
    const group = run.heads / run.kv_heads;
    const groups = group > 1 && !large ? run.kv_heads : 1;
    const per = Math.min(WIDEST, run.heads / groups);
    const every = large ? Math.ceil(per / 9) : 1;
    box.style.gridTemplateColumns = `34px ${Array(groups).fill(`repeat(${per}, minmax(0, 1fr))`).join(' 4px ')}`;
    const spaced = (parts) => parts.flatMap((part, at) => (at && at % per === 0 ? [h('span'), part] : [part]));
    cells = headsOf(run).map((head) => (large ? cell(head) : thumbnail(head)));
    const brackets = Array.from({ length: groups }, (_, at) => [
      at ? h('span') : null, h('span', { class: 'kv', style: { gridColumn: `span ${per}` } }, `${per > 2 ? 'key/value' : 'kv'} ${at}`),
    ]).flat();
    const numbers = Array.from({ length: per * groups }, (_, head) => h('span', { class: 'hn' }, head % every ? '' : String(head)));
    // The lines of a layer, all filled up to the same width; those after the first begin with the number of their head.
    const lines = (label, elements) => Array.from({ length: Math.ceil(elements.length / (per * groups)) }, (_, line) => {
      const own = elements.slice(line * per * groups, (line + 1) * per * groups);
      const rest = Array.from({ length: per * groups - own.length }, () => h('span'));
      return [line ? h('span', { class: 'lab' }, `+${line * per}`) : label, ...spaced([...own, ...rest])];
    }).flat();
    put(
      box, groups > 1 ? [h('span'), ...brackets] : [], h('span'), spaced(numbers),
      run.layers.flatMap(({ kind, softmax }, layer) => {
        const label = h('span', { class: 'lab', title: `layer ${layer}: ${kind}` }, large && layer % 2 && run.heads <= WIDEST ? '' : String(layer), layerGlyph(kind));
        return softmax === false ? [label, nothing(kind)] : lines(label, cells.filter(({ head }) => head.layer === layer).map(({ element }) => element));
      }),
    );
  }

  // In place of the heads of a layer that has none.
  const nothing = (kind) => h('span', { class: 'nothing', title: lookOf(kind).words }, 'no softmax');

  function thumbnail(head) {
    const canvas = h('canvas');
    const show = h('button', { type: 'button', class: 'show' }, canvas);
    const off = h('button', { type: 'button', class: 'x', tabindex: '-1' });
    return { head, show, off, canvas, element: h('div', { class: 'th', 'data-head': head.name }, show, off) };
  }

  function cell(head) {
    const element = h('button', { type: 'button', class: 'th', 'data-head': head.name });
    return { head, show: element, element };
  }

  // What a head is called by a reader of the screen, and by a pointer that rests on it.
  function described({ name, layer, head, kind }, { scores, types }, metric, isOff) {
    const type = labelOf(types[layer]?.[head]);
    const value = valueOf(scores, metric, { layer, head });
    const score = value === null ? '' : `, ${METRICS[metric] ?? metric} ${shortText(value)}`;
    return `${name}, ${kind}${type && `, ${type}`}${score}${isOff ? ', switched off' : ''}`;
  }

  function mark() {
    const { run } = store.data;
    const { off, pins, find, sort } = store.selection;
    const scored = scoredOf(store);
    const metric = metricFor(sort, scored.scores, run.opening);
    const shown = placeOf(store).name;
    for (const { head, element, show, off: cross } of cells) {
      const [isOff, isShown, pinned] = [off.includes(head.name), head.name === shown, pins.indexOf(head.name)];
      element.classList.toggle('sel', isShown);
      element.classList.toggle('off', isOff);
      element.classList.toggle('faded', !isFound(find, head, labelOf(scored.types[head.layer]?.[head.head])));
      if (pinned >= 0) element.dataset.pin = PIN_NAMES[pinned];
      else delete element.dataset.pin;
      show.tabIndex = isShown ? 0 : -1;
      show.setAttribute('aria-pressed', isShown);
      show.setAttribute('aria-label', described(head, scored, metric, isOff));
      show.title = show.getAttribute('aria-label');
      if (!cross) continue;
      cross.hidden = Boolean(run.lacks?.changes);
      put(cross, isOff ? '↺' : '×');
      cross.setAttribute('aria-label', `Switch ${head.name} ${isOff ? 'on' : 'off'}`);
      cross.title = isOff ? 'Switch on again (x)' : 'Switch off (x)';
    }
  }

  function colour() {
    const { scores } = scoredOf(store);
    const metric = metricFor(store.selection.sort, scores, store.data.run.opening);
    const full = fullOf(scores, metric);
    for (const { head, element } of cells) {
      const value = valueOf(scores, metric, head);
      element.style.backgroundColor = value === null ? '' : thumbnails.colour(value / full);
    }
  }

  async function paint() {
    const turn = painted += 1;
    const pictures = await thumbnails.load(pictured(store)).catch(() => null);
    if (!pictures || turn !== painted) return;
    for (const { head, canvas } of cells) thumbnails.paint(canvas, pictures, head.layer, head.head);
  }

  return {
    box,
    update(changed) {
      const { run } = store.data;
      if (anyOf(changed, 'run')) build(run);
      mark();
      if (isLarge(run)) { if (anyOf(changed, 'run', 'sort', 'scored', 'random', 'swept', 'sweep', 'theme')) colour(); }
      else if (anyOf(changed, 'run', 'pair', 'side', 'theme')) paint();
      if (anyOf(changed, 'head', 'run') && box.scrollHeight > box.clientHeight) box.querySelector('.sel')?.scrollIntoView({ block: 'nearest' });
    },
  };
}
