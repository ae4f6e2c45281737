// The chosen head in A, in B, and B − A, between the tokens that both have.

import { h } from '../../page/dom.js';
import { drawMarks } from '../../page/draw/axes.js';
import { sized, themeOf } from '../../page/draw/canvas.js';
import { createPalette } from '../../page/draw/colour.js';
import { island, valueText } from '../../page/draw/format.js';
import { cellAt } from '../../page/draw/layout.js';
import { cellBytes, paintSquare, pictureOf, shrunk } from '../../page/draw/paint.js';
import { createScale, largestOf } from '../../page/draw/scale.js';
import { BESIDE, keyBeside, markSinks, nameSinks, onSink, paintSinks, sinkOf } from '../../page/draw/sink.js';
import { cellOf, lineOf, strongest, tileAddress } from '../../page/draw/tiles.js';
import { SINK } from '../../page/selection.js';
import { squaresIn } from '../map/compared.js';
import { createLoader } from '../map/loading.js';
import { createTooltip } from '../map/tooltip.js';
import { keyOf, placeOf } from '../place.js';

const SIDES = [['before', 'A'], ['after', 'B'], ['difference', 'B − A', 'red: B more · blue: B less']];
const PHONE = 900;
const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

// `placed()` is called when the quarter beside the maps has its place, which CSS knows as --free-left and so on.
export function createAlignedMaps(page, placed) {
  const { store } = page;
  const { stages, reasons } = page.settings.explore;
  const palette = createPalette(page.settings.explore);
  const canvas = h('canvas', { tabindex: '0', role: 'img', 'aria-label': 'Maps of A, B and their difference', onpointermove: point, onpointerleave: leave, onclick: press, onkeydown: keys });
  const tooltip = createTooltip();
  const box = h('div', { class: 'maps' }, canvas, tooltip.box);
  const want = createLoader(show, (error) => page.say(error.message));
  let answer = null;
  let tiles = null; // {before, after, difference}
  let parts = []; // {letter, about, square, tile, scale, table, painted, picture}

  function draw(next) {
    if (next !== answer) tiles = null;
    answer = next;
    box.hidden = !answer;
    if (!answer) {
      want.nothing();
      return;
    }
    const { layer, head, stage } = placeOf(store);
    const all = [0, answer.positions.length];
    const address = (side) => tileAddress(store.data.run.id, { stage, layer, head }, all, all, { aligned: answer.run.id, show: side });
    want(Object.fromEntries(SIDES.map(([side]) => [side, address(side)])));
  }

  function show(read) {
    tiles = read;
    const size = answer.positions.length;
    const look = stages.find(({ name }) => name === store.selection.stage);
    const stage = box.parentElement;
    const phone = window.innerWidth <= PHONE;
    const { squares, free } = squaresIn({ width: stage.clientWidth, height: stage.clientHeight, size, count: 3, phone, beside: tiles.before.sinks ? BESIDE : 0 });
    const common = Math.max(...['before', 'after'].map((side) => largestOf(tiles[side])));
    const { name } = placeOf(store);
    parts = SIDES.map(([side, letter, about = name], index) => {
      const tile = tiles[side];
      const difference = side === 'difference';
      const scale = createScale(look, difference ? largestOf(tile) : common, { difference });
      const pixels = Math.floor(squares[index].side * Math.min(3, window.devicePixelRatio || 1));
      const view = { row: 0, key: 0, size };
      const painted = size / tile.pool > pixels ? shrunk(tile, view, pixels) : tile;
      const table = palette.table(scale);
      const picture = pictureOf(cellBytes(painted, scale, table), painted.width, painted.height);
      return { letter, about: difference ? `${about}, to ${valueText(scale.high)}` : about, square: squares[index], tile, scale, table, painted, picture };
    });
    const height = phone ? parts.at(-1).square.top + parts.at(-1).square.side + 8 : stage.clientHeight;
    box.dataset.size = size;
    canvas.style.height = `${height}px`;
    stage.style.setProperty('--free-left', `${free.left}px`);
    stage.style.setProperty('--free-top', `${free.top - 30}px`);
    stage.style.setProperty('--free-width', `${stage.clientWidth - free.left - 20}px`);
    stage.style.setProperty('--free-height', `${stage.clientHeight - free.top + 30}px`);
    placed();
    paint(null);
  }

  // The chosen cell in aligned positions; null where only A has it.
  function chosen() {
    const place = placeOf(store);
    const at = (position) => {
      const found = answer.positions.findIndex(([a]) => a === position);
      return found < 0 ? null : found;
    };
    const query = at(place.query);
    if (place.sink && tiles.before.sinks) return { query, key: SINK };
    const key = keyOf(store);
    if (key !== null || query === null || tiles.before.pool > 1) return { query, key: key === null ? null : at(key) };
    return { query, key: strongest(lineOf(tiles.before, 'row', query), 1)[0]?.index ?? null };
  }

  function paint(hover) {
    const theme = themeOf(document.querySelector('#page'));
    const context = sized(canvas, canvas.clientWidth, canvas.clientHeight);
    const view = { row: 0, key: 0, size: answer.positions.length };
    const { query, key } = chosen();
    const [isOnSink, pointsAtSink] = [key === SINK, hover?.key === SINK];
    const marks = { query, key: isOnSink ? null : key, reach: [0, view.size], hover: pointsAtSink ? null : hover };
    const sinks = { chosen: isOnSink ? query : null, hover: pointsAtSink ? hover.query : null, isNamed: false };
    for (const { letter, about, square, tile, scale, table, painted, picture } of parts) {
      paintSquare(context, square, view, painted, picture, palette.hatches());
      title(context, letter, about, square, theme);
      if (tile.sinks && letter.length === 1) nameSinks(context, square, theme);
      drawMarks(context, square, view, marks, theme);
      if (!tile.sinks) continue;
      paintSinks(context, square, view, tile, scale, table);
      markSinks(context, square, view, sinks, theme);
    }
    canvas.setAttribute('aria-label', query === null || key === null ? 'Maps of A, B and their difference' : told({ query, key }).join('. '));
  }

  function title(context, letter, about, { left, top }, theme) {
    Object.assign(context, { textBaseline: 'alphabetic', textAlign: 'left', font: theme.font(16, 700), fillStyle: theme.accent });
    context.fillText(letter, left, top - 11);
    const { width } = context.measureText(letter);
    Object.assign(context, { font: theme.font(14), fillStyle: theme.ink2 });
    context.fillText(about, left + width + 10, top - 11);
  }

  function under({ offsetX: x, offsetY: y }) {
    const view = { row: 0, key: 0, size: answer.positions.length };
    return parts.map(({ square, tile }) => cellAt(square, view, x, y) ?? onSink(tile, square, view, x, y)).find(Boolean) ?? null;
  }

  // [A and B, who looks at whom, the difference or why there is none]
  function told({ query, key }) {
    const { run } = store.data;
    const name = (index) => `${island(run.readable[answer.positions[index][0]].text)} ${answer.positions[index].join('|')}`;
    if (key === SINK) {
      const [a, b] = ['before', 'after'].map((side) => sinkOf(tiles[side], query));
      return [`${valueText(a)} | ${valueText(b)}`, `${name(query)} → learned sink`, `B − A: ${valueText(b - a)}`];
    }
    const [before, after, apart] = ['before', 'after', 'difference'].map((side) => cellOf(tiles[side], query, key));
    const text = ({ value }) => (Number.isNaN(value) ? 'hidden' : valueText(value));
    const change = Number.isNaN(apart.value) ? reasons[apart.reason].sentence : `B − A: ${valueText(apart.value)}`;
    return [`${text(before)} | ${text(after)}`, `${name(query)} → ${name(key)}`, change];
  }

  function point(event) {
    const cell = tiles && under(event);
    if (!cell) return leave();
    tooltip.show(event, told(cell));
    return paint(cell);
  }

  function leave() {
    tooltip.hide();
    if (tiles) paint(null);
  }

  const choose = ({ query, key }) => store.select({ query: answer.positions[query][0], key: key === SINK ? SINK : answer.positions[key][0] });

  function press(event) {
    const cell = tiles && under(event);
    if (cell) choose(cell);
  }

  function keys(event) {
    const step = STEPS[event.key];
    if (!tiles || !step || event.shiftKey) return;
    const { query, key } = chosen();
    if (query === null || key === null) return;
    event.preventDefault();
    event.stopPropagation();
    const last = answer.positions.length - 1;
    const within = (index) => Math.max(0, Math.min(last, index));
    const cell = { query: within(query + step[0]), key: keyBeside(key, step[1], last, Boolean(tiles.before.sinks)) };
    choose(cell);
    page.say(told(cell).join('. '));
  }

  return { box, draw };
}
