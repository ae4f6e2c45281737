// The right column of the prediction: which parts wrote the followed token's logit, as a waterfall and as a grid.

import { latest } from '../../page/ask.js';
import { h, put } from '../../page/dom.js';
import { createPalette } from '../../page/draw/colour.js';
import { briefText } from '../../page/draw/format.js';
import { progressWords } from '../../page/progress.js';
import { layerGlyph } from '../heads/badges.js';
import { placeOf } from '../place.js';
import { partsOf, reach, shares, waterfall } from './prediction_parts.js';
import { tokenWord } from './prediction_token.js';
import { signedText } from './prediction_words.js';

const [MOST, FEWER, MANY_LAYERS, NUMBERED] = [14, 10, 12, 0.35]; // parts listed; share of the largest that is printed
const ENDS = [0.18, 0.82]; // of the diverging ramp

export function createPredictionSide(page, box) {
  const { store } = page;
  const palette = createPalette(page.settings.explore);
  const question = latest();
  const against = h('input', { type: 'text', class: 'token', 'aria-label': 'Rather than this token', placeholder: 'another token', spellcheck: 'false', onchange: () => store.select({ against: against.value.trim() || null }) });
  const [title, hero, say, steps, about, grid, note] = [h('h2'), h('p', { class: 'hero' }), h('p', { class: 'say' }), h('div', { class: 'steps' }), h('h3', {}, 'All parts', h('span', { class: 'm' }, 'heads and MLP of each layer')), h('div', { class: 'parts-grid' }), h('p', { class: 'note m' })];
  const rather = h('label', { class: 'rather m' }, 'rather than ', against);
  const body = h('div', { class: 'body', hidden: true }, title, hero, say, rather, steps, about, grid);
  box.append(body, note);
  box.addEventListener('click', (event) => {
    const part = event.target.closest('[data-head]');
    if (part) store.select({ head: part.dataset.head });
  });
  let answer = null;

  async function ask(at) {
    const { selection, data: { run, pair } } = store;
    const isChanged = pair?.id && selection.side !== 'before';
    if (answer?.run !== run.id) answer = null;
    try {
      const found = await question.ask('contributions', { run: isChanged ? pair.id : run.id, base: run.id, position: at, token: selection.token, against: selection.against },
        { progress: (busy) => { note.textContent = progressWords(busy); } });
      answer = { ...found, run: run.id, isChanged };
      put(note);
      draw();
    } catch (error) {
      if (error.name === 'AbortError') return;
      answer = null;
      draw();
      put(note, error.message);
    }
  }

  function draw() {
    body.hidden = !answer;
    if (document.activeElement !== against) against.value = store.selection.against ?? '';
    if (!answer) return;
    const { token, position, logits, capped } = answer;
    const other = answer.against;
    put(title, h('span', {}, 'Who writes ', tokenWord(token), '?'), h('span', { class: 'm' }, `at position ${position}${answer.isChanged ? ', changed' : ''}`));
    put(hero, h('b', {}, other ? signedText(logits) : briefLogit(logits)), h('span', { class: 'm' }, other
      ? ['logit of ', tokenWord(token), ' minus ', tokenWord(other)] : ['logit of ', tokenWord(token), capped === logits ? '' : ', before the cap']));
    const { heads, mlps, embedding } = shares(answer);
    put(say, 'Heads write ', h('b', {}, signedText(heads)), ', MLPs ', h('b', {}, signedText(mlps)), ', the token itself ', h('b', {}, signedText(embedding)), '.');
    drawSteps();
    drawGrid();
    mark();
  }

  // The chosen head; the elements stay, and so does the focus.
  function mark() {
    const { name } = placeOf(store);
    for (const part of box.querySelectorAll('[data-head]')) {
      const isShown = part.dataset.head === name;
      part.setAttribute('aria-pressed', String(isShown));
      if (part.parentElement === grid) part.tabIndex = isShown ? 0 : -1;
    }
  }

  function drawSteps() {
    const { layers } = store.data.run;
    const rows = waterfall(answer, layers.length > MANY_LAYERS ? FEWER : MOST);
    const [low, high] = reach(rows);
    const place = (value) => `${(100 * (value - low)) / (high - low || 1)}%`;
    const { css } = palette.table({ scale: 'diverging' });
    const bar = (from, to, background) => h('span', { class: 'span' }, h('u', { style: { left: place(0) } }),
      h('i', { style: { left: place(Math.min(from, to)), width: `max(1.5px, ${(100 * Math.abs(to - from)) / (high - low || 1)}%)`, background } }));
    put(steps, rows.map(({ name, value, head, from, to, minor }) => h(head ? 'button' : 'div', {
      type: head ? 'button' : null, class: minor ? 'step minor' : 'step', 'data-head': head,
    }, h('span', { class: 'name' }, name), bar(from, to, css[Math.round(255 * ENDS[value > 0 ? 1 : 0])]), h('span', {}, signedText(value)))),
    h('div', { class: 'step total' }, h('b', {}, 'logit'), bar(0, answer.logits, 'var(--accent)'), h('b', {}, answer.against ? signedText(answer.logits) : briefLogit(answer.logits))));
  }

  function drawGrid() {
    const { layers, heads } = store.data.run;
    const table = palette.table({ scale: 'diverging' });
    const largest = Math.max(1e-9, ...partsOf(answer).slice(1).map(({ value }) => Math.abs(value)));
    const every = layers.length > MANY_LAYERS ? 5 : 1;
    const looks = (value) => {
      const step = Math.round(255 * (0.5 + 0.5 * Math.sign(value) * Math.sqrt(Math.abs(value) / largest)));
      return { background: table.css[step], color: table.ink[step] };
    };
    const number = (value) => (every === 1 && heads <= 8 && Math.abs(value) > NUMBERED * largest ? value.toFixed(1).replace('-', '−') : '');
    grid.style.gridTemplateColumns = `34px repeat(${heads}, minmax(0, 1fr)) 4px minmax(0, 1.1fr)`;
    grid.style.setProperty('--layers', layers.length);
    put(grid, h('span'), Array.from({ length: heads }, (_, head) => h('span', { class: 'top' }, String(head))), h('span'), h('span', { class: 'top' }, 'MLP'),
      layers.map(({ kind }, layer) => [
        h('span', { class: 'side' }, layer % every ? '' : String(layer), every === 1 ? layerGlyph(kind) : null),
        answer.heads[layer].map((value, head) => {
          const name = `L${layer}H${head}`;
          return h('button', { type: 'button', 'data-head': name, title: `${name} ${signedText(value)}`, 'aria-label': `${name} adds ${signedText(value)}`, style: looks(value) }, number(value));
        }),
        h('span'), h('span', { class: 'mlp', title: `MLP ${layer} ${signedText(answer.mlps[layer])}`, style: looks(answer.mlps[layer]) }, number(answer.mlps[layer])),
      ]).flat(2));
  }

  return { ask, draw, mark };
}

const briefLogit = (value) => (Math.abs(value) < 10 ? briefText(value) : value.toFixed(2).replace('-', '−'));
