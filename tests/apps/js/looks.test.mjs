import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layoutOf } from '../../../apps/explorer/looks/mask_layout.js';
import { begun, cellOf, changed, countsOf, heldAfter, labelsOf, questionOf, savedMasks } from '../../../apps/explorer/looks/mask_situation.js';
import { headline, reachSentence } from '../../../apps/explorer/looks/mask_words.js';
import { openingCap, sentenceOf, stopOf, stopsOf, taken } from '../../../apps/explorer/looks/softcap_words.js';
import { START, format, parse } from '../../../apps/page/selection.js';
import { endingOf } from '../../../apps/page/words.js';

const LESSONS = [
  { name: 'window', query: 9, key: 2, tokens: 12, window: 4, causal: true, padding: 0, side: 'left', cache: 'dynamic', decode: 0, chunk: 0, spare: 4 },
  { name: 'decoding', query: null, key: null, tokens: 12, window: 4, causal: true, padding: 0, side: 'left', cache: 'dynamic', decode: 4, chunk: 0, spare: 4 },
];
// Five positions, a window of 2, the last two fed one at a time.
const reasons = (window) => Array.from({ length: 5 }, (_, query) => Array.from({ length: 5 }, (__, key) => (key > query ? 1 : query - key < window ? 0 : 2)));
const MASKS = {
  length: 5, pads: [0, 0], cached: true, passes: [{ start: 0, stop: 3 }, { start: 3, stop: 4 }, { start: 4, stop: 5 }],
  kinds: [{ kind: 'local', window: 2, reasons: reasons(2), holds: [[2], [3], [4]] }, { kind: 'global', window: null, reasons: reasons(9), holds: [[0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3, 4]] }],
};

test('the stops of a cap say which one is the model’s own', () => {
  assert.deepEqual(stopsOf(50, '7').map(({ label, cap }) => [label, cap]), [['2', '2'], ['3', '3'], ['5', '5'], ['7', '7'], ['10', '10'], ['20', '20'], ['50', null], ['off', 'off']]);
  assert.equal(stopOf(stopsOf(50, null), null), 5);
  assert.deepEqual(stopsOf(null, null).at(-1), { label: 'off', cap: null });
  assert.deepEqual([29.8, 11, 0.4].map(openingCap), ['5', '2', '2']);
  assert.equal(taken(25, 50).toFixed(3), '0.076');
});

test('the sentence of a cap follows from the numbers', () => {
  const run = { readable: [{ text: 'l', joins: false }, { text: 'amp', joins: true }], forecast: [{ text: 'se' }], saturated: [4, 5, 29.75] };
  const row = (text, was, probability) => ({ text, was, probability });
  const said = (forecast) => sentenceOf({ run, pair: { forecast }, change: 'cap 5', own: 50 }).map((part) => part.token?.text ?? part.strong ?? part).join('');
  assert.equal(said([row('se', 0.946, 0.1), row('amp', 0.01, 0.769)]), 'With cap 5 the model no longer expects se: it repeats amp.');
  assert.equal(said([row('se', 0.946, 0.1), row('x', 0.01, 0.769)]), 'With cap 5 the model no longer expects se but x.');
  assert.equal(said([row('se', 0.946, 0.5), row('amp', 0.01, 0.3)]), 'With cap 5 the model still expects se, with 0.500 in place of 0.946.');
  assert.match(sentenceOf({ run, pair: null, own: 50 }).at(-1), /29\.8, in L4H5: the cap takes 10 %/);
  assert.match(sentenceOf({ run, pair: null, own: null }).at(-1), /no cap/);
});

test('a word that the text knows is completed', () => {
  const run = { readable: [{ text: 'se', joins: false }, { text: 'ven', joins: true }, { text: 'red', joins: false }], words: [0, 0, 1] };
  assert.deepEqual(['se', 'red', 'no'].map((text) => endingOf(run, { text, joins: false })), ['ven', '', '']);
});

test('a situation is its lesson and where it differs', () => {
  const here = { ...START, ...changed(LESSONS, START, { window: 6, causal: false }) };
  assert.deepEqual(here.lab, { window: 6, causal: 0 });
  assert.equal(format(here), '?lab=window_6.causal_0');
  assert.deepEqual(parse('?lab=window_6.causal_0.nothing_3').lab, here.lab);
  assert.deepEqual(changed(LESSONS, here, { window: 4, causal: true }), { lab: {} });
  const { run, words, window, causal } = questionOf(LESSONS, here, { id: 'r' });
  assert.deepEqual([run, words, window, causal], ['r', true, 6, false]);
  assert.equal(questionOf(LESSONS, START, null).words, false);
  assert.deepEqual(savedMasks(LESSONS, START, null).map(({ shown }) => shown.step), [0]);
  assert.deepEqual(savedMasks(LESSONS, { ...START, lesson: 'decoding', pass: 2 }, null).map(({ shown }) => shown.step), [null, 2]);
});

test('a decoding lesson begins at its first pass, and each pass looks at its last row', () => {
  const start = { ...START, ...begun('decoding') };
  assert.equal(start.pass, 0);
  assert.deepEqual(cellOf(MASKS, LESSONS[1], start), { query: 2, key: 0 });
  assert.deepEqual(cellOf(MASKS, LESSONS[1], { ...start, pass: 2 }), { query: 4, key: 2 });
  assert.deepEqual(cellOf(MASKS, LESSONS[1], { ...start, query: 1, key: 0 }), { query: 1, key: 0 });
});

test('the headline says why', () => {
  const said = (query, key) => headline(MASKS, { query, key }, true).map((part) => part?.query ?? part?.key ?? part ?? '').join('');
  assert.equal(said(4, 1), 'In a local layer 4 cannot look at 1:it lies 3 back, a window of 2 reaches 1 back. In a global layer it can.');
  assert.equal(said(1, 3), 'In no layer can 1 look at 3:it comes 2 later.');
  assert.equal(said(2, 1), 'In every layer 2 looks at 1:it lies 1 back, a window of 2 reaches 1 back.');
  const linear = { kind: 'linear', window: null, reasons: Array(5).fill(Array(5).fill(6)) };
  const chunked = { kind: 'chunked', window: null, chunk: 2, reasons: reasons(9).map((row, query) => row.map((reason, key) => (key < query - (query % 2) ? 5 : reason))) };
  const other = { ...MASKS, kinds: [MASKS.kinds[1], chunked, linear] };
  assert.equal(headline(other, { query: 4, key: 1 }, true).at(-1), 'it lies in chunk 0, this query in chunk 2, of 2 tokens each, and this layer has no softmax, so no token looks at another. In a global layer it can.');
  assert.match(reachSentence(MASKS, { layers: ['local', 'local'], window: 2, first: [[0], [1, 0], [2, 1, 0], [-1, 2, 1, 0]] }, 3, { causal: true }), /^3 of 4 tokens reach position 3 through 2 layers\. Each local layer adds 1\.$/);
});

test('what the cache holds, what the legend counts, and what positions are called', () => {
  assert.deepEqual([0, 1, 2, 3, 4].map((at) => heldAfter(MASKS, 0, { step: 1, start: 3, stop: 4 }, at)), ['dropped', 'dropped', 'dropped', 'new', '']);
  assert.deepEqual(countsOf(MASKS, 0, 5), [9, 10, 6, 0, 0, 0, 0]);
  const run = { readable: [{ text: 'bl' }, { text: 'ue' }, { text: 'red' }], words: [0, 0, 1] };
  assert.deepEqual(labelsOf({ ...MASKS, length: 4, pads: [0, 1] }, run).map(({ from, to, text }) => [from, to, text]), [[0, 1, '<pad>'], [1, 3, 'blue'], [3, 4, 'red']]);
});

test('both grids have whole cells that fit, with one gap before the new tokens', () => {
  const layout = layoutOf(MASKS, { width: 300, height: 260, slanted: true }, { words: true, largest: 30 });
  assert.equal(layout.cell, 30);
  assert.equal(layout.y(3) - layout.y(2), 38);
  assert.equal(layout.y(4) - layout.y(3), 30);
  assert.ok(layout.width <= 300 && layout.height <= 260);
  assert.deepEqual(layout.at(layout.x(2) + 3, layout.y(4) + 3), { query: 4, key: 2 });
  assert.equal(layout.at(2, 2), null);
});
