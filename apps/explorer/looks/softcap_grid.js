// The left column: a number of the softcap for every head, and the largest logits against the cap. Each shows its head.

import { h, put } from '../../page/dom.js';
import { createPalette } from '../../page/draw/colour.js';
import { layerGlyph } from '../heads/badges.js';
import { headsOf } from '../heads/scored.js';
import { placeOf } from '../place.js';

const NAMES = { largest_logit: 'largest |logit|', beyond_half: 'share beyond ½ cap', beyond_most: 'share beyond 0.9 cap', mean_bend: 'mean bend', row_divergence: 'KL by the cap' };
const [TALLEST, FLATTEST, ROOM] = [39, 13, 344]; // px: of a cell, of a cell with a number, of all rows
const NARROWEST = 26;
const ROWS = 40;

// Two digits: "30", "6.0", "0.21", "3e-4".
function brief(value) {
  if (value === null) return '–';
  if (value === 0) return '0';
  if (value < 0.005) return value.toExponential(0).replace('e-', 'e−');
  return value >= 9.95 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toFixed(2).replace(/^0/, '');
}

export function createSaturation(page, box) {
  const { store } = page;
  const palette = createPalette(page.settings.explore);
  const select = h('select', { 'aria-label': 'Number of each head', onchange: () => store.select({ saturation: select.value }) });
  const grid = h('div', { class: 'cells-of', role: 'group', 'aria-label': 'Heads', onclick: choose });
  const line = h('span', { class: 'm' });
  const list = h('div', { class: 'against', role: 'group', 'aria-label': 'Heads against the cap', onclick: choose });
  put(box, h('div', { class: 'hd' }, h('h2', {}, 'Heads'), h('span', { class: 'grow' }), select), grid, h('div', { class: 'hd' }, h('h2', {}, 'Against the cap'), h('span', { class: 'grow' }), line), list);

  function choose(event) {
    const cell = event.target.closest('[data-head]');
    if (cell) store.select({ head: cell.dataset.head });
  }

  function draw(answer, cap) {
    const { run } = store.data;
    const usable = answer.metrics.filter(({ values }) => values.some((row) => row.some((value) => value !== null)));
    const shown = usable.find(({ name }) => name === store.selection.saturation) ?? usable[0];
    put(select, usable.map(({ name, label }) => h('option', { value: name, title: label }, NAMES[name])));
    select.value = shown.name;
    drawGrid(run, shown);
    drawList(run, answer.metrics.find(({ name }) => name === 'largest_logit').values, cap);
  }

  function drawGrid(run, { name, label, values }) {
    const [L, N] = [run.layers.length, run.heads];
    const tall = Math.max(12, Math.min(TALLEST, Math.floor(ROOM / L)));
    const hasNumbers = tall >= FLATTEST - 1 && (grid.clientWidth - 40) / N >= NARROWEST;
    const { css, ink } = palette.table({ scale: 'sequential' });
    const full = Math.max(...values.flat()) || 1;
    const rare = tall < 16 ? 2 : 1;
    const here = placeOf(store).name;
    const cell = (head) => {
      const value = values[head.layer][head.head];
      const step = value === null ? 0 : Math.round(255 * Math.sqrt(value / full));
      return h('button', {
        type: 'button', 'data-head': head.name, class: head.name === here ? 'sel' : null, tabindex: head.name === here ? '0' : '-1',
        'aria-label': `${head.name}, ${NAMES[name]} ${brief(value)}`, title: `${head.name}: ${label} ${value ?? 'no cap'}`, style: value === null ? {} : { backgroundColor: css[step], color: ink[step] },
      }, hasNumbers ? brief(value) : null);
    };
    const heads = headsOf(run);
    grid.style.gridTemplateColumns = `40px repeat(${N}, minmax(0, 1fr))`;
    grid.style.setProperty('--tall', `${tall}px`);
    grid.classList.toggle('dense', tall < 20);
    replace(grid, [
      h('span'), Array.from({ length: N }, (_, head) => h('span', { class: 'top' }, N > 12 && head % 2 ? '' : String(head))),
      run.layers.map(({ kind }, layer) => [h('span', { class: 'lab' }, h('span', {}, layer % rare ? '' : String(layer)), layerGlyph(kind)), heads.filter((head) => head.layer === layer).map(cell)]),
    ]);
  }

  function drawList(run, values, cap) {
    const size = (head) => values[head.layer][head.head];
    const heads = headsOf(run).sort((a, b) => size(b) - size(a)).slice(0, ROWS);
    const full = size(heads[0]) || 1;
    const here = placeOf(store).name;
    const mark = cap !== null && cap < full ? h('u', { style: { left: `${(100 * cap) / full}%` } }) : null;
    put(line, cap === null ? 'no cap' : `line: cap ${cap}`);
    replace(list, heads.map((head) => h(
      'button', { type: 'button', class: `ag${head.name === here ? ' sel' : ''}${cap !== null && size(head) > cap ? ' beyond' : ''}`, 'data-head': head.name, tabindex: head.name === here || (head === heads[0] && !heads.some(({ name }) => name === here)) ? '0' : '-1' },
      layerGlyph(head.kind), h('b', {}, head.name), h('span', { class: 'bar' }, h('i', { style: { width: `${(100 * size(head)) / full}%` } }), mark?.cloneNode()), h('span', { class: 'number' }, size(head).toFixed(1)),
    )));
  }

  return { draw };
}

// New cells in place of old ones; who had the focus keeps it.
function replace(box, children) {
  const focused = box.contains(document.activeElement) ? document.activeElement.dataset.head : null;
  put(box, children);
  if (focused) (box.querySelector('.sel') ?? box.querySelector(`[data-head="${focused}"]`))?.focus();
}
