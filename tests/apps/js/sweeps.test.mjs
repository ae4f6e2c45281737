// Scores over texts: where they come from, how an example reads, and how its numbers and bins are written.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { scoredOf, sweepOf } from '../../../apps/explorer/heads/scored.js';
import { patchOf, sourcesOf } from '../../../apps/explorer/heads/source.js';
import { barsOf, placeIn } from '../../../apps/explorer/sweeps/bins.js';
import { statisticOf } from '../../../apps/explorer/sweeps/statistic.js';
import { originOf, shiftOf } from '../../../apps/explorer/sweeps/opening.js';
import { pieceOf, wordIn } from '../../../apps/explorer/sweeps/pieces.js';
import { savedOfSweep } from '../../../apps/explorer/sweeps/saving.js';
import { interval, rankWords } from '../../../apps/explorer/sweeps/statistics.js';

const one = { name: 'heads', said: '2,000 texts', tokens: 1000 };
const run = { model: 'tiny', dtype: 'float32', scores: {}, types: [], kinds: [], sweeps: [one] };

test('scores are of the sweep as soon as it is there, and of this text where it is of another model', () => {
  const swept = { name: 'heads', said: '2,000 texts' };
  const said = (selection, data) => scoredOf({ selection, data: { run, ...data } }).said;
  assert.equal(said({ scored: 'sweep', sweep: null }, { swept }), '2,000 texts');
  assert.equal(said({ scored: 'sweep', sweep: null }, {}), 'this text');
  assert.equal(said({ scored: 'sweep', sweep: null }, { swept, run: { ...run, sweeps: [] } }), 'this text');
  assert.equal(said({ scored: 'text', sweep: null }, { swept }), 'this text');
  const two = [one, { ...one, name: 'more' }];
  assert.equal(sweepOf({ selection: { sweep: 'more' }, data: { run: { sweeps: two } } }).name, 'more');
  assert.deepEqual(sourcesOf({ sweeps: [one] }).map(({ label }) => label), ['This text', '2,000 texts', 'Random']);
  assert.deepEqual(sourcesOf({ sweeps: two }).map(({ label }) => label), ['This text', 'heads', 'more', 'Random']);
  assert.deepEqual(patchOf(sourcesOf({ sweeps: two })[2].value), { scored: 'sweep', sweep: 'more' });
});

test('examples are of what heads are ranked by, or of what the head is most of', () => {
  const kinds = [{ name: 'sink', score: 'first_token' }];
  assert.equal(statisticOf({ sort: 'distance' }, 'sink', kinds), 'distance');
  assert.equal(statisticOf({ sort: 'bend' }, 'sink', kinds), 'first_token');
  assert.equal(statisticOf({ sort: 'layer' }, null, kinds), 'induction');
});

const piece = (text, joins) => ({ text, joins, title: text, p: null });
const example = { tokens: 9, text: 'x', name: 'c.jsonl:3', window: 2, parts: [
  { from: 1, pieces: [piece('met', false), piece('Pres', false), piece('id', true), piece('ent', true), piece(',', true)] },
  { from: 7, pieces: [piece('he', false), piece('s', true)] },
] };

test('a token is read in its word', () => {
  assert.deepEqual(wordIn(example, 3), { before: 'Pres', text: 'id', after: 'ent' });
  assert.deepEqual(wordIn(example, 5), { before: '', text: ',', after: '' });
  assert.deepEqual(wordIn(example, 8), { before: 'he', text: 's', after: '' });
  assert.equal(pieceOf(example, 6), null);
});

test('what was opened says where it comes from, and whether its tokens are the same', () => {
  assert.equal(originOf({ ...example, piece: 1, first: 512, stop: 1024 }).said, 'c.jsonl:3, tokens 512–1,023');
  assert.equal(originOf({ ...example, window: null }).said, 'c.jsonl:3');
  const readable = ['<bos>', 'met', 'Pres', 'id', 'ent', ',', 'and', 'he', 's'].map((text) => piece(text));
  const shift = (tokens) => shiftOf(example, { tokens, readable: tokens });
  assert.equal(shift(readable), 0);
  assert.equal(shift([...readable, piece('more')]), 0);
  assert.equal(shift(readable.toSpliced(1, 0, piece('I'), piece('have'))), 2);
  assert.equal(shift(readable.toSpliced(3, 1, piece('if'))), null);
});

test('numbers with their intervals, ranks and bins', () => {
  const write = (mean, half) => interval({ mean, low: mean - half, high: mean + half });
  assert.deepEqual([write(0.302, 0.0141), write(0.05, 0.003), write(27.93, 2.48), write(0, 0)], ['0.30 ± 0.01', '0.050 ± 0.003', '27.9 ± 2.5', '0.00']);
  assert.equal(interval({ mean: null, low: null, high: null }), '–');
  assert.equal(rankWords(1, 36), 'the largest of 36 heads');
  assert.deepEqual([2, 3, 11, 21].map((rank) => rankWords(rank, 36).split(' ')[1]), ['2nd', '3rd', '11th', '21st']);
  assert.deepEqual(barsOf([0, 2, 1, 0]), { bars: [0, 2, 1, 0], last: 3, all: 3 });
  assert.deepEqual([0, 1.5, 4, 99].map((value) => placeIn([0, 1, 2, 4], value)), [0, 1.5, 3, 3]);
});

test('what is saved follows the look, and is of the sweep only where that is on screen', () => {
  const swept = { name: 'heads', said: '2,000 texts', types: [], kinds: [] };
  const data = { swept, run: { ...run, layers: [{}, {}], heads: 2, tokens: ['a'] } };
  const selection = { look: 'head', scored: 'sweep', sweep: null, sort: 'entropy', examples: 'sample', head: 'L1H1', up: 'induction', across: 'distance', of: 'bend', key: null, query: null };
  const [head, examples, ranked] = savedOfSweep(selection, data).map(({ shown }) => shown);
  assert.deepEqual(head, { kind: 'sweep', view: 'head', sweep: 'heads', options: { layer: 1, head: 1 } });
  assert.deepEqual([examples.options.statistic, examples.options.side, ranked.options.by], ['entropy', 'sample', 'entropy']);
  assert.deepEqual(savedOfSweep({ ...selection, look: 'atlas' }, data)[0].shown.options, { x: 'distance', y: 'induction' });
  assert.deepEqual(savedOfSweep({ ...selection, look: 'atlas', scored: 'text' }, data), []);
});
