// A grid of patched runs: layers downwards, positions or heads across, coloured by how much of the clean run comes back.

import { h, put } from '../../page/dom.js';
import { paintTable, sized, themeOf } from '../../page/draw/canvas.js';
import { createPalette } from '../../page/draw/colour.js';
import { island, valueText } from '../../page/draw/format.js';
import { createScale, tickText } from '../../page/draw/scale.js';
import { headName } from '../../page/selection.js';
import { createTooltip } from '../map/tooltip.js';
import { placeOf } from '../place.js';
import { cellIn, cellUnder, heightOf, paintGrid } from './patch_paint.js';
import { WHAT, columnsOf, shareText } from './patch_words.js';

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const NOWHERE = { layer: -1, column: -1 };

export function createPatchMap(page) {
  const { store } = page;
  const palette = createPalette(page.settings.explore);
  const canvas = h('canvas', { tabindex: '0', role: 'img', 'aria-label': 'Patched runs', onpointermove: point, onpointerleave: leave, onclick: press, onkeydown: keys });
  const tooltip = createTooltip();
  const [bar, ticks] = [h('canvas', { width: 440, height: 16, 'aria-hidden': 'true' }), h('div', { class: 'ticks' })];
  const stage = h('div', { class: 'stage' }, canvas);
  const box = h('div', { class: 'patched', hidden: true }, stage,
    h('div', { class: 'map-legend' }, h('div', { class: 'scale' }, bar, ticks), h('span', {}, 'share of the difference: 0 as in B, 1 as in A')), tooltip.box);
  let grid = null;
  let scene = null;
  let cursor = NOWHERE; // of the keyboard

  function draw(next) {
    if (next !== grid) cursor = NOWHERE;
    grid = next;
    box.hidden = !grid;
    if (!grid) return;
    const [rows, columns] = [grid.values.length, grid.values[0].length];
    const height = heightOf(stage.clientHeight, rows);
    canvas.style.height = `${height}px`;
    const largest = Math.max(1, ...grid.shares.flat().map((share) => Math.abs(share ?? 0)));
    const scale = createScale({ high: null }, largest, { difference: true });
    const table = palette.table(scale);
    scene = { grid, scale, table, cell: cellIn({ width: stage.clientWidth, height, rows, columns }), theme: themeOf(document.querySelector('#page')) };
    paintTable(bar, table);
    put(ticks, scale.ticks.map((tick) => h('span', { style: { left: `${100 * tick.at}%` } }, tickText(tick))));
    canvas.setAttribute('aria-label', `${WHAT[grid.what].label} by layer and ${grid.by}: ${rows} by ${columns} patched runs. Arrow keys read them.`);
    paint(NOWHERE);
  }

  function paint(hover) {
    const chosen = marked();
    paintGrid(sized(canvas, canvas.clientWidth, canvas.clientHeight), { ...scene, chosen, rings: [chosen, hover, cursor] });
  }

  // The chosen head, or the chosen row of A where B has it.
  function marked() {
    const place = placeOf(store);
    if (grid.by === 'head') return { layer: place.layer, column: place.head };
    const here = Object.entries(grid.there).find(([, there]) => there === place.query)?.[0];
    return { layer: -1, column: here === undefined ? -1 : Number(here) };
  }

  const under = ({ offsetX: x, offsetY: y }) => (grid ? cellUnder(grid, scene.cell, { x, y }) : null);

  // [the share, where, the logit difference]
  function told({ layer, column }) {
    const [value, share] = [grid.values[layer][column], grid.shares[layer][column]];
    const where = grid.by === 'head' ? headName({ layer, head: column }) : `${island(columnsOf(grid)[column])} ${column}, before layer ${layer}`;
    if (value === null) return ['not patched', where, 'no position of A belongs to it'];
    return [share === null ? valueText(value) : shareText(share), where, `logit difference ${valueText(value)}, ${valueText(value - grid.corrupted)} from the corrupted run`];
  }

  function point(event) {
    const at = under(event);
    if (!at) return leave();
    tooltip.show(event, told(at));
    return paint(at);
  }

  function leave() {
    tooltip.hide();
    if (grid) paint(NOWHERE);
  }

  // A head of the page, or the row of A that was put in.
  function choose({ layer, column }) {
    if (grid.by === 'head') store.select({ head: headName({ layer, head: column }) });
    else if (grid.there[column] !== undefined) store.select({ query: grid.there[column], key: null });
  }

  function press(event) {
    const at = under(event);
    if (at) choose(at);
  }

  function keys(event) {
    const step = STEPS[event.key];
    const isChoice = event.key === 'Enter' && cursor !== NOWHERE;
    if (!isChoice && (!step || event.shiftKey)) return;
    event.preventDefault();
    event.stopPropagation();
    if (isChoice) return choose(cursor);
    const within = (index, count) => Math.max(0, Math.min(count - 1, index));
    const [layer, column] = cursor === NOWHERE ? [0, 0] : [cursor.layer + step[0], cursor.column + step[1]];
    cursor = { layer: within(layer, grid.values.length), column: within(column, grid.values[0].length) };
    page.say(told(cursor).join('. '));
    return paint(NOWHERE);
  }

  return { box, draw };
}
