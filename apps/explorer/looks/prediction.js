// The prediction: what each layer would say at each position, and which parts of the model wrote it.

import { h, put, segments } from '../../page/dom.js';
import { paintTable } from '../../page/draw/canvas.js';
import { createPalette } from '../../page/draw/colour.js';
import { probabilityWords } from '../../page/forecast.js';
import { phrase } from '../changes/words.js';
import { anyOf } from '../place.js';
import { windowFrom } from './prediction_columns.js';
import { createLensGrid, stepOf, told } from './prediction_grid.js';
import { createNote } from './prediction_note.js';
import { createOverview } from './prediction_overview.js';
import { createReading } from './prediction_reading.js';
import { createPredictionSide } from './prediction_side.js';
import { readWord, spelled, tokenWord } from './prediction_token.js';
import { QUANTITIES, changeClaim, claimOf, rowName, shareText } from './prediction_words.js';

const step = (rows, positions) => (page) => page.slots.lens?.(rows, positions);

export const prediction = {
  name: 'prediction', title: 'Prediction', create: createPrediction,
  keys: { ArrowLeft: step(0, -1), ArrowRight: step(0, 1), ArrowUp: step(-1, 0), ArrowDown: step(1, 0) },
  hints: [['←', '→', 'position'], ['↑', '↓', 'layer'], ['x', 'switch off'], ['r', 'restore'], ['p', 'present']],
};

const [BLOCK, BAR] = [512, 220];
const ASKED = ['run', 'pair', 'token', 'query'];
const PARTS = [...ASKED, 'against', 'side'];
const DRAWN = ['stream', 'quantity', 'theme', 'size', 'side', 'off'];
const columnsShown = () => (window.innerWidth <= 900 ? 4 : window.innerWidth >= 1700 ? 12 : 8);

function createPrediction(page, box) {
  const { store } = page;
  const palette = createPalette(page.settings.explore);
  const [title, quantities, claim, tops] = [h('h2'), h('div', {}), h('p', { class: 'claim' }), h('div', { class: 'tops' })];
  const follow = h('input', { type: 'text', class: 'token', 'aria-label': 'Follow this token', placeholder: 'what comes next', spellcheck: 'false', onchange: () => store.select({ token: follow.value.trim() || null }) });
  const next = h('button', { type: 'button', class: 'icon', 'aria-label': 'Follow what comes next', title: 'Follow what comes next', onclick: () => store.select({ token: null }) }, '×');
  const showQuantity = segments(quantities, 'What the cells show', Object.entries(QUANTITIES).map(([value, { label }]) => ({ value, label })), (quantity) => store.select({ quantity }));
  const [bar, ticks, legend] = [h('canvas', { width: 2 * BAR, height: 16, 'aria-hidden': 'true' }), h('div', { class: 'ticks' }), h('span', { class: 'm' })];
  const reading = createReading(draw);
  const changed = createReading(draw);
  const note = createNote(reading, changed);
  const grid = createLensGrid(page, go);
  const overview = createOverview(page, (at) => go(rowOf(), at));
  const lenses = h('div', { class: 'lenses', hidden: true }, overview.box, grid.box);
  put(box, h('div', { class: 'title' }, title, h('span', { class: 'grow' }), quantities),
    h('div', { class: 'controls' }, h('label', { class: 'm' }, 'follow ', follow), next, tops), claim, note.box, lenses,
    h('div', { class: 'map-legend' }, h('div', { class: 'scale' }, bar, ticks), legend));
  const side = h('aside', { class: 'prediction-side', 'aria-label': 'Who writes the logit' });
  box.closest('.columns').append(side);
  const parts = createPredictionSide(page, side);
  page.slots.lens = (rows, positions) => store.data.run && go(rowOf() + rows, position() + positions);
  let from = null; // the first column
  let drawn = null; // the run that is drawn

  const last = () => store.data.run.tokens.length - 1;
  const position = () => Math.min(store.selection.query ?? last(), last());
  const rowOf = () => Math.min(store.selection.stream ?? Infinity, store.data.run.layers.length);
  const blockOf = (at) => [at - (at % BLOCK), Math.min(at - (at % BLOCK) + BLOCK, last() + 1)];

  function go(row, at) {
    const within = (value, end) => Math.max(0, Math.min(end, value));
    const [stream, query] = [within(row, store.data.run.layers.length), within(at, last())];
    store.select({ stream, query, key: null });
    const column = reading.state.columns.get(query);
    if (column) page.say(`${rowName(stream)}, position ${query}: ${told(column, stream)}`);
  }

  function ask() {
    const { selection: { token }, data: { run, pair } } = store;
    const at = position();
    reading.of({ run: run.id, base: null, token });
    reading.visit(at, blockOf(at));
    if (!pair?.id) return;
    changed.of({ run: pair.id, base: run.id, token });
    changed.visit(at, [at, at + 1]);
  }

  function draw() {
    const { selection: { quantity, token }, data: { run, pair } } = store;
    const at = position();
    const block = blockOf(at);
    const { columns } = reading.state;
    const column = columns.get(at);
    const after = pair?.id && column ? changed.state.columns.get(at) ?? null : null;
    showQuantity(quantity);
    if (document.activeElement !== follow) follow.value = token?.replace(/^▁/, '') ?? '';
    next.hidden = token === null;
    note.draw({ at, block, from, count: columnsShown(), isChanged: Boolean(pair?.id) });
    // Until another token has been read, and where there is none, what was drawn stays.
    if (!columns.columns.size && drawn === run.id && (reading.state.busy || reading.state.error)) return;
    lenses.hidden = !columns.columns.size;
    drawn = lenses.hidden ? null : run.id;
    put(title, h('span', {}, readWord(run, at)), h('span', { class: 'm' }, ` ${at}`));
    if (!column) [claim, tops].forEach((part) => put(part));
    if (lenses.hidden) return publish(at, [block[0], block[1]]);
    const count = Math.min(block[1] - block[0], Math.max(2, columnsShown() - (after ? 2 : 0)));
    from = windowFrom(from, at, count, block);
    const most = Math.max(1e-9, ...[...columns.columns.values()].flatMap(({ rows }) => rows.map(({ entropy }) => entropy)));
    publish(at, [from, from + count]);
    const scene = { run, from, count, columns, row: rowOf(), at, quantity, after, most, block };
    grid.draw(scene);
    overview.draw(scene);
    drawLegend(quantity, most);
    if (column) drawColumn(column, after);
  }

  function drawColumn(column, after) {
    const { selection } = store;
    const { top: [final] } = column.rows.at(-1);
    const said = (token) => [tokenWord(token), h('span', { class: 'number' }, ` ${probabilityWords(token.probability)}`)];
    title.append(h('span', { class: 'm' }, ' says '), ...said(final), ...(after ? [h('span', { class: 'm' }, ' → '), ...said(after.rows.at(-1).top[0])] : []));
    put(claim, spelled(after ? changeClaim(column, after, phrase(selection)) : claimOf(column)));
    const row = rowOf();
    const focused = tops.contains(document.activeElement) ? document.activeElement.title : null;
    put(tops, h('span', { class: 'm' }, `${rowName(row)} says`), column.rows[row].top.map((each) => h('button', {
      type: 'button', class: 'top', title: `Follow ${each.title}`, 'aria-pressed': String(each.token === selection.token), onclick: () => store.select({ token: each.token }),
    }, tokenWord(each), ' ', h('span', { class: 'm' }, shareText(each.probability)))));
    if (focused) [...tops.children].find((each) => each.title === focused)?.focus();
  }

  function drawLegend(quantity, most) {
    const table = palette.table({ scale: 'sequential' });
    const shown = Array.from({ length: 256 }, (_, step) => table.css[stepOf(step / 255)]);
    paintTable(bar, { css: shown });
    const labels = quantity === 'entropy' ? ['0', (most / 2).toFixed(1), most.toFixed(1)] : ['0', '.5', '1'];
    put(ticks, labels.map((text, at) => h('span', { style: { left: `${50 * at}%` } }, text)));
    put(legend, QUANTITIES[quantity].legend);
  }

  // For who saves: the columns shown, the piece that is followed, seconds that what is not read yet will take.
  function publish(at, positions) {
    const { columns, each } = reading.state;
    const { run, pair } = store.data;
    const count = columns.missing([0, last() + 1]).length;
    const followed = columns.get(at)?.followed.token ?? null;
    store.publish({ lens: { run: run.id, pair: pair?.id ?? null, at, token: store.selection.token && followed, followed, seconds: count * each, positions } });
  }

  return {
    update(change) {
      const { run } = store.data;
      if (!run) return;
      if (anyOf(change, 'run')) from = null;
      // The last position first, whatever the map opened at.
      if (store.selection.query === null && (run.opening?.query ?? last()) !== last()) return store.select({ query: last() });
      if (anyOf(change, ...PARTS)) parts.ask(position());
      else if (anyOf(change, 'theme', 'size')) parts.draw();
      else if (anyOf(change, 'head')) parts.mark();
      if (anyOf(change, ...ASKED)) ask();
      else if (anyOf(change, ...DRAWN)) draw();
    },
  };
}
