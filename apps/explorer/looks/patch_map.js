// A grid of patched runs: layers downwards, positions or heads across, coloured by how much of the clean run comes back.

import { h, put } from '../../page/dom.js';
import { paintTable, sized, themeOf, trimmed } from '../../page/draw/canvas.js';
import { createPalette } from '../../page/draw/colour.js';
import { island, valueText } from '../../page/draw/format.js';
import { createScale, tickText } from '../../page/draw/scale.js';
import { headName } from '../../page/selection.js';
import { createTooltip } from '../map/tooltip.js';
import { placeOf } from '../place.js';
import { WHAT, columnsOf, labelsOf, shareText } from './patch_words.js';

const [LEFT, HEAD, PAD] = [48, 84, 20];
const LARGEST = { width: 96, height: 64 };
const NUMBERED = { width: 34, height: 18 }; // cells with room for their number
const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

// Whole pixels for a cell where there are as many. Pure.
export function cellsIn({ width, height, rows, columns }) {
  const fit = (room, count, most) => Math.min(most, room >= count ? Math.floor(room / count) : room / count);
  return { width: fit(width - LEFT - PAD, columns, LARGEST.width), height: fit(height - HEAD - PAD, rows, LARGEST.height) };
}

export function createPatchMap(page) {
  const { store } = page;
  const palette = createPalette(page.settings.explore);
  const canvas = h('canvas', { tabindex: '0', role: 'img', onpointermove: point, onpointerleave: leave, onclick: press, onkeydown: keys });
  const tooltip = createTooltip();
  const [bar, ticks] = [h('canvas', { width: 440, height: 16, 'aria-hidden': 'true' }), h('div', { class: 'ticks' })];
  const stage = h('div', { class: 'stage' }, canvas);
  const box = h('div', { class: 'patched', hidden: true }, stage,
    h('div', { class: 'map-legend' }, h('div', { class: 'scale' }, bar, ticks), h('span', { class: 'm' }, 'share of the difference: 0 as in B, 1 as in A')), tooltip.box);
  let grid = null;
  let columns = [];
  let cell = null;
  let cursor = null; // {layer, column} of the keyboard

  function draw(next) {
    if (next !== grid) cursor = null;
    grid = next;
    box.hidden = !grid;
    if (!grid) return;
    columns = columnsOf(grid);
    const rows = grid.values.length;
    const height = Math.max(stage.clientHeight, HEAD + rows * 12 + PAD);
    canvas.style.height = `${height}px`;
    cell = cellsIn({ width: stage.clientWidth, height, rows, columns: columns.length });
    paint(null);
  }

  const shareOf = (layer, column) => grid.shares[layer][column];

  function paint(hover) {
    const theme = themeOf(document.querySelector('#page'));
    const context = sized(canvas, canvas.clientWidth, canvas.clientHeight);
    const largest = Math.max(1, ...grid.shares.flat().map((share) => Math.abs(share ?? 0)));
    const scale = createScale({ high: null }, largest, { difference: true });
    const table = palette.table(scale);
    paintTable(bar, table);
    put(ticks, scale.ticks.map((tick) => h('span', { style: { left: `${100 * tick.at}%` } }, tickText(tick))));
    context.textBaseline = 'middle';
    grid.values.forEach((row, layer) => {
      label(context, `L${layer}`, LEFT - 8, HEAD + (layer + 0.5) * cell.height, 'right', theme, layer === marked().layer);
      row.forEach((_, column) => paintCell(context, layer, column, scale, table, theme));
    });
    paintColumns(context, theme);
    for (const at of [marked(), hover, cursor]) if (at?.column >= 0 && at.layer >= 0) ring(context, at, theme);
    canvas.setAttribute('aria-label', `${WHAT[grid.what].label} by layer and ${grid.by}: ${grid.values.length} by ${columns.length} patched runs. Arrow keys read them.`);
  }

  function paintCell(context, layer, column, scale, table, theme) {
    const share = shareOf(layer, column);
    const [x, y] = [LEFT + column * cell.width, HEAD + layer * cell.height];
    const gap = cell.width > 8 ? 1 : 0;
    const step = share === null ? null : scale.step(share);
    context.fillStyle = step === null ? theme.panel2 : table.css[step];
    context.fillRect(x, y, cell.width - gap, cell.height - gap);
    if (step === null || cell.width < NUMBERED.width || cell.height < NUMBERED.height) return;
    label(context, shareText(share), x + cell.width / 2, y + cell.height / 2, 'center', { ...theme, ink2: table.ink[step] }, false);
  }

  function label(context, text, x, y, align, theme, isOn) {
    Object.assign(context, { font: theme.font(14, isOn ? 700 : 400), fillStyle: isOn ? theme.accent : theme.ink2, textAlign: align });
    context.fillText(text, x, y);
  }

  function paintColumns(context, theme) {
    const isTurned = grid.by === 'position';
    const { column } = marked();
    let free = -Infinity;
    for (const { from, to, text } of labelsOf(grid)) {
      const x = LEFT + ((from + to) / 2) * cell.width;
      if (x - free < 15) continue;
      free = x;
      context.save();
      context.translate(x, HEAD - 8);
      if (isTurned) context.rotate(-Math.PI / 3);
      label(context, trimmed(context, text, HEAD - 16), 0, 0, isTurned ? 'left' : 'center', theme, column >= from && column < to);
      context.restore();
    }
  }

  // The chosen head, or the chosen row of A where B has it.
  function marked() {
    const place = placeOf(store);
    if (grid.by === 'head') return { layer: place.layer, column: place.head };
    const here = Object.entries(grid.there).find(([, there]) => there === place.query)?.[0];
    return { layer: -1, column: here === undefined ? -1 : Number(here) };
  }

  function ring(context, { layer, column }, theme) {
    Object.assign(context, { strokeStyle: theme.accent, lineWidth: 2 });
    context.strokeRect(LEFT + column * cell.width - 1, HEAD + layer * cell.height - 1, cell.width + 1, cell.height + 1);
  }

  function under({ offsetX, offsetY }) {
    const [column, layer] = [Math.floor((offsetX - LEFT) / cell.width), Math.floor((offsetY - HEAD) / cell.height)];
    return layer in grid.values && column in columns ? { layer, column } : null;
  }

  // [the share, where, the logit difference]
  function told({ layer, column }) {
    const value = grid.values[layer][column];
    const where = grid.by === 'head' ? headName({ layer, head: column }) : `${island(columns[column])} ${column}, before layer ${layer}`;
    if (value === null) return ['not patched', where, 'no position of A belongs to it'];
    const share = shareOf(layer, column);
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
    paint(null);
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
    if (event.key === 'Enter' && cursor) choose(cursor);
    else if (step && !event.shiftKey) {
      const from = cursor ?? { layer: 0, column: 0 };
      const within = (index, count) => Math.max(0, Math.min(count - 1, index));
      cursor = { layer: within(from.layer + step[0], grid.values.length), column: within(from.column + step[1], columns.length) };
      page.say(told(cursor).join('. '));
      paint(null);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return { box, draw };
}
