// One score of every head: layers from left to right, heads downwards; each cell shows its head.

import { h, put } from '../../page/dom.js';
import { shortText } from '../../page/draw/format.js';
import { labelOf, layerGlyph } from '../heads/badges.js';
import { headName } from '../../page/selection.js';
import { METRICS, fullOf, isFound, valueOf } from '../heads/scored.js';

const [WIDEST, TALLEST, ROOM] = [48, 20, 160]; // px: of a cell, and of all rows

export function createScoreGrid(page, box, colour) {
  const { store } = page;
  let cells = []; // [{head, element}]

  function build(run, heads) {
    const [L, N] = [run.layers.length, run.heads];
    const tall = Math.max(9, Math.min(TALLEST, Math.floor(ROOM / N)));
    const wide = Math.max(1, box.clientWidth - 26) / L;
    const every = Math.ceil(18 / wide);
    const rare = Math.ceil(14 / tall);
    box.style.gridTemplateColumns = `26px repeat(${L}, minmax(0, ${WIDEST}px))`;
    box.style.setProperty('--cell', `${tall}px`);
    cells = heads.map((head) => ({ head, element: h('button', { type: 'button', 'data-head': head.name, tabindex: '-1' }) }));
    const byPlace = new Map(cells.map(({ head, element }) => [head.name, element]));
    put(
      box, h('span'), run.layers.map(({ kind }) => h('span', { class: 'top' }, layerGlyph(kind))),
      h('span'), run.layers.map((_, layer) => h('span', { class: 'top' }, layer % every ? '' : String(layer))),
      Array.from({ length: N }, (_, head) => [
        h('span', { class: 'side' }, head % rare ? '' : String(head)), ...run.layers.map((_, layer) => byPlace.get(headName({ layer, head })) ?? h('span')),
      ]).flat(),
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
