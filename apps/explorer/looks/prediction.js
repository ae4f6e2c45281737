// The prediction: what each layer would say at each position, and which parts of the model wrote it.

import { h, put, segments } from '../../page/dom.js';
import { paintTable } from '../../page/draw/canvas.js';
import { createPalette } from '../../page/draw/colour.js';
import { duration, progressWords } from '../../page/progress.js';
import { phrase } from '../changes/words.js';
import { anyOf } from '../place.js';
import { windowFrom } from './prediction_columns.js';
import { createLensGrid, stepOf, told } from './prediction_grid.js';
import { createOverview } from './prediction_overview.js';
import { createReading } from './prediction_reading.js';
import { createPredictionSide } from './prediction_side.js';
import { readWord, spelled, tokenWord } from './prediction_token.js';
import { QUANTITIES, changeClaim, claimOf, rowName, shareText } from './prediction_words.js';

export const prediction = { name: 'prediction', title: 'Prediction', create: createPrediction };

const [BLOCK, BAR] = [512, 220];
const ASKED = ['run', 'pair', 'token', 'query'];
const PARTS = [...ASKED, 'against', 'side'];
const DRAWN = ['stream', 'quantity', 'theme', 'size', 'side', 'off'];
const columnsShown = () => (window.innerWidth <= 900 ? 4 : window.innerWidth >= 1700 ? 12 : 8);

function createPrediction(page, box) {
  const { store } = page;
  const palette = createPalette(page.settings.explore);
  const [title, quantities, claim, note, tops] = [h('h2'), h('div', {}), h('p', { class: 'claim' }), h('div', { class: 'note', role: 'status' }), h('div', { class: 'tops' })];
  const follow = h('input', { type: 'text', class: 'token', 'aria-label': 'Follow this token', placeholder: 'what comes next', spellcheck: 'false', onchange: () => store.select({ token: follow.value.trim() || null }) });
  const next = h('button', { type: 'button', class: 'icon', 'aria-label': 'Follow what comes next', title: 'Follow what comes next', onclick: () => store.select({ token: null }) }, '×');
  const showQuantity = segments(quantities, 'What the cells show', Object.entries(QUANTITIES).map(([value, { label }]) => ({ value, label })), (quantity) => store.select({ quantity }));
  const [bar, ticks, legend] = [h('canvas', { width: 2 * BAR, height: 16, 'aria-hidden': 'true' }), h('div', { class: 'ticks' }), h('span', { class: 'm' })];
  const grid = createLensGrid(page, go);
  const overview = createOverview(page, (at) => go(rowOf(), at));
  const lenses = h('div', { class: 'lenses', hidden: true }, overview.box, grid.box);
  put(box, h('div', { class: 'title' }, title, h('span', { class: 'grow' }), quantities),
    h('div', { class: 'controls' }, h('label', { class: 'm' }, 'follow ', follow), next, tops), claim, note, lenses,
    h('div', { class: 'map-legend' }, h('div', { class: 'scale' }, bar, ticks), legend));
  const side = h('aside', { class: 'prediction-side', 'aria-label': 'Who writes the logit' });
  box.closest('.columns').append(side);
  const parts = createPredictionSide(page, side);
  const reading = createReading(draw);
  const changed = createReading(draw);
  let from = null; // the first column

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
    const { columns } = reading.state;
    const column = columns.get(at);
    const after = pair?.id && column ? changed.state.columns.get(at) ?? null : null;
    showQuantity(quantity);
    if (document.activeElement !== follow) follow.value = token?.replace(/^▁/, '') ?? '';
    next.hidden = token === null;
    drawNote();
    lenses.hidden = !columns.columns.size;
    put(title, h('span', {}, readWord(run, at)), h('span', { class: 'm' }, ` ${at}`));
    put(claim);
    put(tops);
    publish(at);
    if (lenses.hidden) return;
    const block = blockOf(at);
    const count = Math.min(block[1] - block[0], Math.max(2, columnsShown() - (after ? 2 : 0)));
    from = windowFrom(from, at, count, block);
    const most = Math.max(1e-9, ...[...columns.columns.values()].flatMap(({ rows }) => rows.map(({ entropy }) => entropy)));
    const scene = { run, from, count, columns, row: rowOf(), at, quantity, after, most, block };
    grid.draw(scene);
    overview.draw(scene);
    drawLegend(quantity, most);
    if (column) drawColumn(column, after);
  }

  function drawColumn(column, after) {
    const { selection } = store;
    const { top: [final] } = column.rows.at(-1);
    const said = (token) => [tokenWord(token), h('span', { class: 'number' }, ` ${token.probability.toFixed(3)}`)];
    title.append(h('span', { class: 'm' }, ' says '), ...said(final), ...(after ? [h('span', { class: 'm' }, ' → '), ...said(after.rows.at(-1).top[0])] : []));
    put(claim, spelled(after ? changeClaim(column, after, phrase(selection)) : claimOf(column)));
    const row = rowOf();
    put(tops, h('span', { class: 'm' }, `${rowName(row)} says`), column.rows[row].top.map((each) => h('button', {
      type: 'button', class: 'top', title: `Follow ${each.title}`, 'aria-pressed': String(each.token === selection.token), onclick: () => store.select({ token: each.token }),
    }, tokenWord(each), ' ', h('span', { class: 'm' }, shareText(each.probability)))));
  }

  // What is read, what it would take to read more, and what went wrong.
  function drawNote() {
    const { busy, error, each, columns } = reading.state;
    const at = position();
    const block = blockOf(at);
    const missing = columns.missing(block).length;
    const button = (label, act) => h('button', { type: 'button', class: 'btn sm', onclick: act }, label);
    if (error ?? changed.state.error) return put(note, error ?? changed.state.error);
    if (busy?.many) return put(note, `${busy.read} of ${busy.all} positions read, about ${duration(busy.left)} left `, button('Cancel', () => reading.cancel()));
    if (busy) return put(note, columns.columns.size ? '' : progressWords(busy), columns.columns.size ? '' : button('Cancel', () => reading.cancel()));
    if (!missing || !each) return put(note);
    const near = windowFrom(from, at, columnsShown(), block);
    const shown = [near, Math.min(block[1], near + columnsShown())];
    const few = columns.missing(shown).length;
    const takes = (count) => `about ${duration(count * each)}`;
    return put(note, columns.get(at) ? '' : `The lens takes ${takes(1)} a position here. `,
      columns.get(at) ? '' : button(`Read position ${at}`, () => reading.fill(at, [at, at + 1])),
      few ? button(`Read these ${few}: ${takes(few)}`, () => reading.fill(at, shown)) : '',
      button(`Read all ${missing}: ${takes(missing)}`, () => reading.fill(at, block)));
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
  function publish(at) {
    const { columns, each } = reading.state;
    const { run, pair } = store.data;
    const count = columns.missing([0, last() + 1]).length;
    const followed = columns.get(at)?.followed.token ?? null;
    store.publish({ lens: { run: run.id, pair: pair?.id ?? null, at, token: store.selection.token && followed, followed, seconds: count * each,
      positions: from === null ? [0, last() + 1] : [from, Math.min(last() + 1, from + columnsShown())] } });
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
