// What the middle asks for, and where its parts lie.

import assert from 'node:assert/strict';
import test from 'node:test';

globalThis.window = { devicePixelRatio: 1, innerWidth: 1400 };
globalThis.document = { baseURI: 'http://localhost/' };
const { askedOf, comparedOf, reachOf, strongestOf } = await import('../../../apps/explorer/map/asked.js');
const { squaresIn } = await import('../../../apps/explorer/map/compared.js');
const { otherLines } = await import('../../../apps/explorer/map/lines.js');
const { createLoader } = await import('../../../apps/explorer/map/loading.js');
const { needsDetail, neighboursOf, wantedOf } = await import('../../../apps/explorer/map/wanted.js');
const { keyOf, library } = await import('../../../apps/explorer/place.js');
const { START } = await import('../../../apps/page/selection.js');

const run = { id: 'R', tokens: ['a', 'b', 'c'], words: [0, 1, 2], layers: [{ kind: 'local' }, { kind: 'global' }], heads: 2 };
const storeOf = (selection = {}, data = {}) => ({ selection: { ...START, head: 'L1H0', ...selection }, data: { run, ...data } });
const units = () => ({ size: 3 });

test('a head of the run, and of a changed model before, after and as difference', () => {
  assert.equal(askedOf(storeOf()).side, 'now');
  const pair = { id: 'P' };
  assert.deepEqual(['run', 'against'].map((part) => askedOf(storeOf({}, { pair }))[part]), ['R', 'P']);
  assert.deepEqual(['run', 'against'].map((part) => askedOf(storeOf({ side: 'after' }, { pair }))[part]), ['P', null]);
});

test('the address says what is between what', () => {
  const { addresses } = wantedOf(storeOf({ words: true, bos: 'renormalised', over: 'max', chosen: ['L0H1', 'L1H1'] }), units);
  const query = new URL(addresses.tile).searchParams;
  assert.deepEqual(['unit', 'bos', 'over', 'heads', 'rows'].map((name) => query.get(name)), ['words', 'renormalised', 'max', 'L0H1.L1H1', '0:3']);
});

test('a rollout is of probabilities, whatever stage is chosen', () => {
  assert.equal(askedOf(storeOf({ over: 'rollout', stage: 'attn_logits' })).stage, 'attn_probs');
});

test('two pinned heads come with their difference, of the changed model where there is one', () => {
  const selection = { pins: ['L0H0', 'L1H1'], ab: true };
  const { names, addresses } = wantedOf(storeOf(selection, { pair: { id: 'P' } }), units);
  assert.deepEqual(names, ['L0H0', 'L1H1']);
  assert.ok(new URL(addresses.minus).pathname.endsWith('/P/attn_probs/0/0'));
  assert.equal(new URL(addresses.minus).searchParams.get('minus'), 'L1H1');
  assert.equal(new URL(addresses.minus).searchParams.get('against'), null);
  assert.deepEqual(comparedOf(storeOf({ pins: ['L0H0', 'L9H9'], ab: true })), []);
  assert.deepEqual(comparedOf(storeOf({ ...selection, textB: 'another text' })), []);
});

test('lines lead to the learned sink too, strongest last', () => {
  const tile = { row: 0, key: 0, pool: 1, width: 2, height: 2, values: Float32Array.of(0.25, NaN, 0.125, 0.25), reasons: [0, 1, 0, 0], sinks: [0.75, 0.625] };
  assert.deepEqual(otherLines(tile, { high: 1 }, 1).map(({ query, key, value }) => [query, key, value]), [[0, 0, 0.25], [0, 'sink', 0.75]]);
});

test('neighbours are heads that there are', () => {
  assert.deepEqual(neighboursOf(storeOf(), { asked: askedOf(storeOf()), units: units() }).map((address) => new URL(address).pathname), [
    '/attention/R/attn_probs/1/1', '/attention/R/attn_probs/0/0',
  ]);
});

test('the key follows the strongest cell until one is clicked', () => {
  const row = { run: 'R', name: 'L1H0', query: 2, strongest: 1 };
  assert.equal(keyOf(storeOf({}, { row })), 1);
  assert.equal(keyOf(storeOf({ key: 0 }, { row })), 0);
  assert.equal(keyOf(storeOf({ query: 1 }, { row })), null); // the row of that query is not read yet
});

test('a line: its strongest visible key, by magnitude where it is a difference, and what it reaches', () => {
  const line = { values: Float32Array.from([9, 0.2, -0.6, 0.1, NaN]), reasons: Uint8Array.from([2, 0, 0, 0, 1]) };
  assert.equal(strongestOf(line, false), 1);
  assert.equal(strongestOf(line, true), 2);
  assert.deepEqual(reachOf(line), [1, 4]);
});

test('lines of the other rows, weakest first', () => {
  const tile = { row: 0, key: 0, width: 2, height: 2, pool: 1, values: Float32Array.from([1, NaN, 0.05, 0.95]), reasons: Uint8Array.from([0, 1, 0, 0]) };
  assert.deepEqual(otherLines(tile, { high: 1 }, 0).map(({ query, key }) => [query, key]), [[1, 1]]);
});

test('squares side by side have whole cells and do not overlap', () => {
  const { squares, free } = squaresIn({ width: 660, height: 590, size: 28, count: 3, phone: false });
  assert.ok(Number.isInteger(squares[0].cell));
  assert.ok(squares[0].left + squares[0].side < squares[1].left);
  assert.ok(squares[0].top + squares[0].side < squares[2].top);
  assert.ok(free.top + free.side <= 590);
});

test('a part of a pooled map is read where it is worth it, and the numbers themselves always', () => {
  const pools = [];
  let shown = 16; // of 8,192 tokens
  for (let size = 8192; size > 100; size = Math.round(0.8 * size)) {
    if (needsDetail({ size }, shown)) pools.push(shown = Math.ceil(size / 512));
  }
  assert.deepEqual(pools, [7, 3, 1]);
});

test('what is not wanted any more is not shown when it comes', async () => {
  let arrive = null;
  library.load = () => new Promise((resolve) => { arrive = resolve; });
  const shown = [];
  const want = createLoader((tiles) => shown.push(tiles), assert.fail);
  const [first, early] = [want({ tile: 'http://localhost/a' }), arrive];
  want.nothing();
  early('A');
  await first;
  assert.deepEqual(shown, []);
  const second = want({ tile: 'http://localhost/b' });
  arrive('B');
  await second;
  assert.deepEqual(shown, [{ tile: 'B' }]);
});
