// One score of every head: layers from left to right, heads downwards, or the other way round where heads are too many to
// stand one below the other; each cell shows its head.

import { h, put } from '../../page/dom.js';
import { shortText } from '../../page/draw/format.js';
import { labelOf, layerGlyph } from '../heads/badges.js';
import { headName } from '../../page/selection.js';
import { METRICS, fullOf, isFound, valueOf } from '../heads/scored.js';

const [WIDEST, TALLEST, LEAST, ROOM] = [48, 20, 9, 160]; // px: of a cell, and of all rows

export function createScoreGrid(page, box, colour) {
  const { store } = page;
  let cells = []; // [{head, element}]

  function build(run, heads) {
    const [L, N] = [run.layers.length, run.heads];
    const isTurned = N > L && LEAST * N > 2 * ROOM;
    const [across, down] = isTurned ? [N, L] : [L, N];
    const tall = Math.max(LEAST, Math.min(TALLEST, Math.floor(ROOM / down)));
    const wide = Math.max(1, box.clientWidth - 40) / across;
    const [every, rare] = [Math.ceil((isTurned ? 26 : 18) / wide), Math.ceil(14 / tall)];
    box.style.gridTemplateColumns = `${isTurned ? 40 : 26}px repeat(${across}, minmax(0, ${WIDEST}px))`;
    box.style.setProperty('--cell', `${tall}px`);
    box.classList.toggle('dense', wide < 8);
    cells = heads.map((head) => ({ head, element: h('button', { type: 'button', 'data-head': head.name, tabindex: '-1' }) }));
    const byPlace = new Map(cells.map(({ head, element }) => [head.name, element]));
    const glyph = (layer) => layerGlyph(run.layers[layer].kind);
    const placeOf = (row, column) => (isTurned ? { layer: row, head: column } : { layer: column, head: row });
    const columns = Array.from({ length: across }, (_, at) => at);
    put(
      box, isTurned ? null : [h('span'), columns.map((layer) => h('span', { class: 'top' }, glyph(layer)))],
      h('span'), columns.map((at) => h('span', { class: 'top' }, at % every ? '' : String(at))),
      Array.from({ length: down }, (_, row) => [
        h('span', { class: 'side' }, isTurned ? glyph(row) : null, row % rare ? '' : String(row)),
        columns.map((column) => byPlace.get(headName(placeOf(row, column))) ?? h('span')),
      ]),
    );
  }

  function draw({ inside, scored: { scores, types }, shown }, metric) {
    const full = fullOf(scores, metric);
    const chosen = new Set(inside.map(({ name }) => name));
    for (const { head, element } of cells) {
      const value = valueOf(scores, metric, head);
      element.style.backgroundColor = value === null ? '' : colour(value / full);
      element.classList.toggle('in', chosen.has(head.name));
      element.classList.toggle('sel', head.name === shown);
      element.classList.toggle('faded', !isFound(store.selection.find, head, labelOf(types[head.layer]?.[head.head])));
      element.tabIndex = head.name === shown ? 0 : -1;
      element.setAttribute('aria-label', `${head.name}, ${METRICS[metric]} ${value === null ? 'has no value' : shortText(value)}`);
      element.title = element.getAttribute('aria-label');
    }
  }

  box.addEventListener('click', (event) => {
    const cell = event.target.closest('[data-head]');
    if (cell) store.select({ head: cell.dataset.head });
  });
  return { build, draw };
}
