// Which heads are found, ranked and framed, and how that is said.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LAYER_ORDER, fullOf, headsOf, isFound, metricFor, ranked } from '../../../apps/explorer/heads/scored.js';
import { byKind, csvOf, frameOf, framed, mostLie, placed, ticksOf } from '../../../apps/explorer/looks/atlas_frame.js';

const run = { heads: 2, layers: [{ kind: 'local' }, { kind: 'global' }] };
const heads = headsOf(run);
const scores = { induction: [[0.1, 0.9], [0.6, null]], previous_token: [[0.8, 0.2], [0.7, 0.1]], entropy: [[1, 2], [3, 4]] };
const types = [[null, 'induction'], ['induction', null]];
const kinds = [{ name: 'induction', score: 'induction', threshold: 0.5 }, { name: 'previous_token', score: 'previous_token', threshold: 0.5 }];
const names = (found) => found.map(({ name }) => name);

test('heads are ranked by a score, those without a number last', () => {
  assert.deepEqual(names(ranked(heads, scores, 'induction')), ['L0H1', 'L1H0', 'L0H0', 'L1H1']);
  assert.deepEqual(names(ranked(heads, scores, LAYER_ORDER)), ['L0H0', 'L0H1', 'L1H0', 'L1H1']);
  assert.deepEqual([fullOf(scores, 'induction'), fullOf(scores, 'entropy')], [1, 4]);
});

test('a text without repeats is ranked by what it has', () => {
  const none = { ...scores, induction: [[null, null], [null, null]] };
  assert.equal(metricFor('induction', none, { kind: 'previous_token' }), 'previous_token');
  assert.equal(metricFor('induction', none, { kind: 'sink' }), 'previous_token');
  assert.equal(metricFor('induction', scores, { kind: 'induction' }), 'induction');
});

test('a search means heads by place, badge and kind of layer', () => {
  const found = (search) => names(heads.filter((head) => isFound(search, head, head.name === 'L0H1' ? 'copies' : '')));
  assert.deepEqual(found('l1h'), ['L1H0', 'L1H1']);
  assert.deepEqual(found('cop'), ['L0H1']);
  assert.deepEqual(found('global L1H1'), ['L1H1']);
  assert.deepEqual(found('local copies'), ['L0H1']);
  assert.deepEqual(found('nobody'), []);
});

test('the first frame holds the heads of a badge, or the strongest where none reaches it', () => {
  const chosen = { up: 'induction', across: 'previous_token', frame: null };
  assert.deepEqual(names(framed(frameOf(chosen, { kinds, scores }), heads, scores, chosen)), ['L0H1']);
  const weak = { ...scores, induction: [[0.1, 0.3], [0.2, null]] };
  assert.deepEqual(names(framed(frameOf(chosen, { kinds, scores: weak }), heads, weak, chosen)), ['L0H1']);
  assert.equal(frameOf({ ...chosen, frame: 'none' }, { kinds, scores }), null);
  assert.deepEqual(names(framed(frameOf({ ...chosen, frame: [0, 1, 0.5, 1] }, { kinds, scores }), heads, scores, chosen)), ['L0H1', 'L1H0']);
});

test('what is in the frame is said in words', () => {
  assert.equal(byKind(heads.slice(1)), ': 2 in global layers, 1 in local ones');
  assert.equal(byKind(heads.slice(2)), ', all in global layers');
  assert.equal(byKind(heads.slice(3)), ', in a global layer');
  assert.equal(byKind([]), '');
  assert.equal(mostLie([{ layer: 5 }, { layer: 5 }]), 'All lie in layer 5.');
  assert.equal(mostLie([1, 13, 14, 15, 16, 25].map((layer) => ({ layer }))), 'Most lie in layers 13 to 16.');
});

test('ticks are round, and labels that would touch are left out', () => {
  assert.deepEqual(ticksOf(1), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(ticksOf(3.3), [0, 1, 2, 3]);
  const label = (name, x, y) => ({ name, x, y, width: 40 });
  const points = [{ name: 'd', x: 210, y: 50 }];
  assert.deepEqual(names(placed([label('a', 0, 0), label('b', 20, 10), label('c', 0, 40), label('e', 200, 50)], points)), ['a', 'c']);
});

test('the file has a row for each head', () => {
  const [first, ...rows] = csvOf(heads, { scores, types }).trim().split('\n');
  assert.equal(first, 'layer,head,kind,type,induction,previous_token,entropy');
  assert.deepEqual([rows.length, rows[1], rows[3]], [4, '0,1,local,induction,0.9,0.2,2', '1,1,global,,,0.1,4']);
});
