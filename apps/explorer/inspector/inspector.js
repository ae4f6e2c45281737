// Why this number: the chosen cell in five stages, its row ranked, and the same cell in the other heads of the layer.

import { h, put } from '../../page/dom.js';
import { createPalette } from '../../page/draw/colour.js';
import { SINK, headName } from '../../page/selection.js';
import { phrase } from '../changes/words.js';
import { anyOf, keyOf, placeOf } from '../place.js';
import { cellOf } from './cell.js';
import { headline, ranked, stages } from './explain.js';
import { headList, rankedList, stageList } from './lists.js';
import { sentence } from './sentence.js';
import { spelled, wordOf } from './word.js';

const KEYS = ['run', 'pair', 'head', 'query', 'key', 'stage', 'side', 'off', 'theme', 'size', 'row'];
const FEWEST_ROWS = 4;
const ROWS_STACKED = 6;
const PADDING = 12; // below the last line
const [MOST_NUMBERED, DENSE] = [24, 16]; // heads that have their number printed; in a line where they have not
const MOST_SPARE = 12; // above and below a stage, in px

export function createInspector(page, box) {
  const { store } = page;
  const palette = createPalette(page.settings.explore);
  const [name, hero, say, row, layer] = [h('span', { class: 'm' }), h('div', { class: 'hero' }), h('p', { class: 'say' }), h('span'), h('span')];
  const [five, rows, others] = [h('div', { class: 'five' }), h('div', { class: 'rows' }), h('div', { class: 'oth' })];
  const body = h('div', { class: 'why', hidden: true },
    h('h2', {}, 'Why this number', name), hero, say, five,
    h('div', { class: 'sec' }, h('h2', {}, row, h('span', { class: 'm' }, 'probability, contribution')), rows),
    h('div', { class: 'sec' }, h('h2', {}, layer, h('span', { class: 'm' }, 'click to switch head')), others));
  const empty = h('p', { class: 'm' });
  box.append(body, empty);
  const fillStages = stageList(five, (stage) => store.select({ stage }));
  const fillRows = rankedList(rows, (key) => store.select({ query: placeOf(store).query, key }));
  const fillHeads = headList(others, choose);
  let shown = null; // {cell, after}
  let turn = 0;
  let said = '';

  function choose(head) {
    const { cell } = shown;
    store.select({ head: headName({ layer: cell.layer, head }), query: cell.query, key: cell.key });
  }

  async function read() {
    turn += 1;
    const own = turn;
    const { run, pair } = store.data;
    const place = placeOf(store);
    try {
      const cell = await cellOf(run.id, { ...place, key: place.sink ? SINK : keyOf(store) });
      const after = pair && store.selection.side !== 'before' ? await cellOf(pair.id, cell) : null;
      if (own !== turn) return;
      shown = { cell, after };
      draw();
    } catch (error) {
      if (own === turn) refuse(error.message);
    }
  }

  function refuse(sentenceOf) {
    shown = null;
    body.hidden = true;
    put(empty, sentenceOf);
  }

  function draw() {
    const { run } = store.data;
    const { cell, after } = shown;
    body.hidden = false;
    put(empty);
    put(name, headName(cell));
    const { was, now, hidden } = headline(cell, after);
    const where = h('span', { class: 'where' }, wordOf(run, cell.query), h('span', { class: 'm' }, ` ${cell.query} → `), wordOf(run, cell.key), cell.key === SINK ? null : h('span', { class: 'm' }, ` ${cell.key}`));
    put(hero, h('span', { class: 't32' }, was && h('span', { class: 'past' }, `${was} → `), now), where);
    hero.classList.toggle('hidden', hidden);
    put(say, spelled(run, sentence(cell, after, phrase(store.selection))));
    fillStages(stages(cell, after).map((stage) => ({ ...stage, on: stage.name === store.selection.stage })));
    put(row, `Row ${cell.query} ranked`);
    put(layer, `Same cell, layer ${cell.layer}`);
    drawHeads(after ?? cell);
    drawRows(cell, after);
    tell(`${now} ${where.textContent}. ${say.textContent}`);
  }

  function drawHeads({ layer: index, head: chosen, heads }) {
    const { css } = palette.table({ scale: 'sequential' });
    const isDense = heads.length > MOST_NUMBERED;
    const lines = Math.ceil(heads.length / (isDense ? DENSE : 6));
    others.classList.toggle('dense', isDense);
    others.style.setProperty('--columns', Math.ceil(heads.length / lines));
    fillHeads(heads.map((prob, head) => ({
      head, prob, on: head === chosen, off: store.selection.off.includes(headName({ layer: index, head })),
      colour: prob === null ? '' : css[Math.round(255 * Math.sqrt(prob))],
    })));
  }

  // As many rows as there is room for, and what is left goes between the stages; where the columns are stacked, the
  // page scrolls and a few will do.
  function drawRows(cell, after) {
    const { run } = store.data;
    const fill = (count) => fillRows(ranked(cell, after, count).map((one) => ({ ...one, run, on: one.key === cell.key })));
    const isStacked = window.matchMedia('(max-width: 900px)').matches;
    five.style.removeProperty('--spare');
    fill(isStacked ? ROWS_STACKED : FEWEST_ROWS);
    const height = rows.firstElementChild?.offsetHeight;
    if (isStacked || !height) return;
    const free = () => box.getBoundingClientRect().bottom - body.getBoundingClientRect().bottom - PADDING;
    if (free() > height) fill(FEWEST_ROWS + Math.floor(free() / height));
    five.style.setProperty('--spare', `${Math.max(0, Math.min(MOST_SPARE, Math.floor(free() / 10)))}px`);
  }

  // Said aloud when the reader went somewhere, not when the page opens.
  function tell(words) {
    if (said && said !== words) page.say(words);
    said = words;
  }

  return {
    update(changed) {
      if (!store.data.run) return;
      if (changed && ['theme', 'size', 'stage'].some((key) => changed.has(key)) && changed.size === 1 && shown) draw();
      else if (anyOf(changed, ...KEYS)) read();
    },
  };
}
