// The grid of the lens: rows from the embedding to the last layer, positions from left to right. Every cell is a link.

import { h, put } from '../../page/dom.js';
import { createPalette } from '../../page/draw/colour.js';
import { layerGlyph } from '../heads/badges.js';
import { cellOf, rowName, shareText, signedText } from './prediction_words.js';
import { readWord, tokenWord } from './prediction_token.js';

const [LOW, SPAN] = [0.04, 0.6]; // of the ramp: its darker rest would be a black wall
const TALL = 36; // px of a cell with two lines

export const stepOf = (share) => Math.round(255 * (LOW + SPAN * Math.max(0, Math.min(1, share))));

// `go(row, at)` chooses a cell.
export function createLensGrid(page, go) {
  const palette = createPalette(page.settings.explore);
  const box = h('div', { class: 'lens-grid', role: 'group', 'aria-label': 'Layers downwards, positions to the right. Arrow keys move.', onclick: press });
  let shape = '';
  let names = []; // of the rows
  let tops = []; // of the columns, then of after and change
  let cells = []; // [row][column]
  let now = null;

  // The same elements as long as rows and columns are as many: a cell keeps the focus while its numbers change.
  function build({ run, count, after }) {
    const rows = run.layers.length + 1;
    const key = [rows, count, after !== null, ...run.layers.map(({ kind }) => kind)].join();
    if (key === shape) return;
    shape = key;
    tops = Array.from({ length: count + (after ? 2 : 0) }, (_, column) => h('span', { class: column < count ? 'ax' : 'ax extra' }));
    names = Array.from({ length: rows }, (_, row) => h('span', { class: 'ay' }, row ? layerGlyph(run.layers[row - 1].kind) : null,
      h('span', { class: 'long' }, rowName(row)), h('span', { class: 'short' }, row ? String(row - 1) : 'emb')));
    cells = names.map((_, row) => tops.map((_top, column) => (column < count
      ? h('button', { type: 'button', tabindex: '-1', 'data-row': row, 'data-column': column }) : h('span', { class: 'cell', 'data-row': row }))));
    box.style.setProperty('--columns', tops.length);
    box.style.setProperty('--rows', rows);
    box.classList.toggle('paired', after !== null);
    put(box, h('span', { class: 'corner' }), tops, names.map((name, row) => [name, cells[row]]));
  }

  // scene: {run, from, count, columns, row, at, quantity, after: a column or null, most}
  function draw(scene) {
    now = scene;
    const { run, from, count, columns, row, at, after } = scene;
    build(scene);
    const table = palette.table({ scale: 'sequential' });
    const isFlat = (box.clientHeight - 24) / names.length < TALL;
    box.classList.toggle('flat', isFlat);
    tops.slice(0, count).forEach((top, column) => {
      put(top, h('span', { class: 'word' }, readWord(run, from + column)), h('span', { class: 'long' }, ` ${from + column}`));
      top.title = `${from + column}: ${run.readable[from + column].title}`;
      top.classList.toggle('on', from + column === at);
    });
    names.forEach((name, index) => name.classList.toggle('on', index === row));
    cells.forEach((line, index) => line.slice(0, count).forEach((cell, column) => {
      fill(cell, columns.get(from + column), index, from + column, table);
      const isOn = index === row && from + column === at;
      cell.setAttribute('aria-pressed', isOn);
      cell.tabIndex = isOn ? 0 : -1;
    }));
    if (after) drawAfter(scene, table);
    const chosen = cells[row][at - from];
    if (box.contains(document.activeElement)) chosen?.focus({ preventScroll: true });
    if (box.scrollHeight > box.clientHeight) chosen?.scrollIntoView({ block: 'nearest' });
  }

  function fill(cell, column, row, at, table) {
    const where = `${rowName(row)}, position ${at} ${readWord(now.run, at)}`;
    cell.classList.toggle('unread', !column);
    if (!column) {
      cell.setAttribute('aria-label', `${where}: not read yet`);
      cell.style.background = cell.style.color = '';
      return put(cell);
    }
    const { token, text, small, share, bold } = cellOf(column, row, now.quantity, now.most);
    const step = stepOf(share);
    Object.assign(cell.style, { background: table.css[step], color: table.ink[step] });
    cell.setAttribute('aria-label', `${where}: ${told(column, row)}`);
    cell.title = cell.getAttribute('aria-label');
    cell.classList.toggle('settled', bold);
    return put(cell, token ? tokenWord(token) : h('span', {}, text), small ? h('small', {}, small) : null);
  }

  // The chosen position after the change, and by how much the followed token became likelier.
  function drawAfter({ count, columns, at, after }, table) {
    const before = columns.get(at);
    const [heads, apart] = tops.slice(count);
    put(heads, 'changed');
    put(apart, h('span', { class: 'word' }, '±nats'));
    apart.title = `log-probability of ${before?.followed.text ?? 'the followed token'}, after minus before`;
    const change = before && after.rows.map(({ log }, row) => log - before.rows[row].log);
    const largest = Math.max(1e-9, ...(change ?? []).map(Math.abs));
    const diverging = palette.table({ scale: 'diverging' });
    cells.forEach((line, row) => {
      const [is, moved] = line.slice(count);
      fill(is, after, row, at, table);
      const step = change ? Math.round(255 * (0.5 + 0.5 * (change[row] / largest))) : 128;
      Object.assign(moved.style, { background: diverging.css[step], color: diverging.ink[step] });
      put(moved, change ? signedText(change[row]) : '');
    });
  }

  function press(event) {
    const cell = event.target.closest('[data-column]');
    if (cell) go(Number(cell.dataset.row), now.from + Number(cell.dataset.column));
  }

  return { box, draw };
}

// What a row says at a position.
export function told({ followed, rows }, row) {
  const { top: [first], rank, entropy, followed: probability } = rows[row];
  return `says ${first.text || first.title}, ${shareText(first.probability)}; ${followed.text || followed.title} is number ${rank}, ${shareText(probability)}; entropy ${entropy.toFixed(2)} nats`;
}
