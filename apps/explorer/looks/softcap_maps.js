// The chosen head before, after and their difference, as three small maps; a click chooses the cell.

import { h, put } from '../../page/dom.js';
import { drawMarks } from '../../page/draw/axes.js';
import { paintTable, sized, themeOf } from '../../page/draw/canvas.js';
import { createPalette } from '../../page/draw/colour.js';
import { island, valueText } from '../../page/draw/format.js';
import { cellAt } from '../../page/draw/layout.js';
import { cellBytes, paintSquare, pictureOf, shrunk } from '../../page/draw/paint.js';
import { createScale, largestOf, tickText } from '../../page/draw/scale.js';
import { cellOf, tileAddress } from '../../page/draw/tiles.js';
import { createLoader } from '../map/loading.js';
import { createTooltip } from '../map/tooltip.js';
import { keyOf, placeOf } from '../place.js';

const SIDES = [['before', 'Before'], ['after', 'After'], ['difference', 'Difference']];
const STAGE = 'attn_probs';
const SIDE = 256; // cells of a map that is asked for, at most

export function createCapMaps(page, box, legend) {
  const { store } = page;
  const palette = createPalette(page.settings.explore);
  const look = page.settings.explore.stages.find(({ name }) => name === STAGE);
  const tooltip = createTooltip();
  const parts = SIDES.map(([side, title]) => {
    const about = h('span', { class: 'm' });
    const canvas = h('canvas', { role: 'img', 'aria-label': title, onpointermove: (event) => point(event, side), onpointerleave: tooltip.hide, onclick: (event) => press(event, side) });
    return { side, canvas, about, box: h('div', { class: 'map-of' }, h('p', {}, h('b', {}, title), about), canvas) };
  });
  const ramp = h('canvas', { width: 256, height: 1 });
  const [ticks, most] = [h('div', { class: 'ticks' }), h('span', { class: 'most' })];
  put(box, parts.map((part) => part.box), tooltip.box);
  put(legend, h('div', { class: 'ramp' }, ramp, ticks), h('span', {}, 'probability'), h('span', { class: 'grow' }), most);
  const want = createLoader(show, (error) => page.say(error.message));
  let tiles = null;

  function draw(names) {
    const { run, pair } = store.data;
    const { layer, head } = placeOf(store);
    const all = [0, run.tokens.length];
    const after = pair?.id ?? run.id;
    const address = (id, options = {}) => tileAddress(id, { stage: STAGE, layer, head }, all, all, { side: SIDE, ...options });
    parts.forEach(({ about }, at) => put(about, ` ${names[at]}`));
    want({ before: address(run.id), after: address(after), ...(pair ? { difference: address(run.id, { against: after }) } : {}) });
  }

  const squareOf = (canvas) => ({ left: 0, top: 0, side: canvas.clientWidth, cell: canvas.clientWidth / store.data.run.tokens.length, gap: 0 });
  const view = () => ({ row: 0, key: 0, size: store.data.run.tokens.length });

  function show(read) {
    tiles = read;
    const largest = tiles.difference ? largestOf(tiles.difference) : 0;
    put(most, `largest difference ${largest.toFixed(2)}`);
    for (const { side, canvas } of parts) paint(canvas, side, largest);
    const scale = createScale(look, 1);
    paintTable(ramp, palette.table(scale));
    put(ticks, scale.ticks.map((tick) => h('span', { style: { left: `${100 * tick.at}%` } }, tickText(tick))));
  }

  function paint(canvas, side, largest) {
    const square = squareOf(canvas);
    const context = sized(canvas, square.side, square.side);
    const theme = themeOf(document.querySelector('#page'));
    const tile = tiles[side];
    if (tile) {
      const scale = createScale(look, side === 'difference' ? largest : 1, { difference: side === 'difference' });
      const pixels = Math.floor(square.side * Math.min(3, window.devicePixelRatio || 1));
      const painted = view().size / tile.pool > pixels ? shrunk(tile, view(), pixels) : tile;
      paintSquare(context, square, view(), painted, pictureOf(cellBytes(painted, scale, palette.table(scale)), painted.width, painted.height), palette.hatches());
    } else lower(context, square.side, theme);
    const [query, key] = [placeOf(store).query, keyOf(store)];
    if (key !== null && key <= query) drawMarks(context, square, view(), { query, key, reach: [0, query + 1], hover: null }, theme);
    canvas.setAttribute('aria-label', `Attention ${side === 'difference' ? 'difference' : `${side} the change`}`);
  }

  // Nothing is changed: no difference anywhere.
  function lower(context, side, theme) {
    context.fillStyle = theme.panel2;
    context.beginPath();
    [[0, 0], [side, side], [0, side]].forEach(([x, y]) => context.lineTo(x, y));
    context.fill();
  }

  const under = ({ offsetX: x, offsetY: y, target }) => cellAt(squareOf(target), view(), x, y);

  function point(event, side) {
    const cell = tiles && under(event);
    const known = cell && tiles[side] && cellOf(tiles[side], cell.query, cell.key);
    if (!known || Number.isNaN(known.value)) return tooltip.hide();
    const { readable } = store.data.run;
    const name = (at) => `${island(readable[at].text)} ${at}`;
    return tooltip.show(event, [valueText(known.value), `${name(cell.query)} → ${name(cell.key)}`]);
  }

  function press(event) {
    const cell = under(event);
    if (cell && cell.key <= cell.query) store.select({ query: cell.query, key: cell.key });
  }

  return { draw };
}
