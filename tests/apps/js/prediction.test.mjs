// The prediction in words, its columns, and the waterfall.

import assert from 'node:assert/strict';
import test from 'node:test';

import { createColumns, nextPart, windowFrom } from '../../../apps/explorer/looks/prediction_columns.js';
import { partsOf, reach, shares, waterfall } from '../../../apps/explorer/looks/prediction_parts.js';
import { cellOf, changeClaim, changedFrom, claimOf, shareText } from '../../../apps/explorer/looks/prediction_words.js';

const named = (token) => ({ token, text: token, title: token });

// A column whose rows say these tokens, the last with probability 0.9.
const column = (...tokens) => ({
  followed: named(tokens.at(-1)),
  rows: tokens.map((token) => ({ top: [{ ...named(token), probability: 0.9 }], entropy: 1, rank: token === tokens.at(-1) ? 1 : 7, log: token === tokens.at(-1) ? -0.1 : -9, followed: 0.5 })),
});
const plain = (words) => words.map((word) => word.token?.text ?? word.number ?? word).join('');

test('the claim follows from the rows', () => {
  assert.equal(plain(claimOf(column('ue', 'ue', 'ue', 'green'))), 'Up to layer 1 this position says ue. Only the last layer turns it into green, with 0.90.');
  assert.equal(plain(claimOf(column('a', 'b', 'b', 'c', 'c'))), 'From layer 0 to layer 1 this position says b. Layer 2 turns it into c, and the layers after it keep it: 0.90 at the end.');
  assert.equal(plain(claimOf(column('a', 'b', 'b'))), 'The embedding says a. Layer 0 turns it into b, and the layers after it keep it: 0.90 at the end.');
  assert.equal(plain(claimOf(column('a', 'a'))), 'The embedding already says a, and every layer keeps it: 0.90 at the end.');
});

test('a change is told from the row where it shows', () => {
  const [before, after] = [column('a', 'a', 'c'), column('a', 'a', 'd')];
  after.rows[2].log = -8;
  assert.equal(changedFrom(before, { ...after, rows: after.rows.map((row, at) => (at < 2 ? before.rows[at] : row)) }), 2);
  assert.equal(changedFrom(before, before), null);
  assert.match(plain(changeClaim(before, before, 'L1H1 off')), /still says c: 0.90 before, 0.90 after. No layer notices it/);
});

test('cells of every quantity', () => {
  const said = column('ue', 'green');
  assert.deepEqual(cellOf(said, 0, 'rank', 1), { text: '7', small: '', share: 1 / 7, bold: false });
  assert.equal(cellOf(said, 0, 'entropy', 2).share, 0.5);
  assert.equal(cellOf(said, 0, 'chosen_probability', 1).token.text, 'green');
  assert.equal(cellOf(said, 1, 'probability', 1).bold, true);
  assert.deepEqual([0.9, 0.008, 0.00004].map(shareText), ['0.90', '0.008', '4e−5']);
});

test('answers are joined, and what is missing is read from the chosen position outwards', () => {
  const columns = createColumns();
  columns.add({ first: 3, names: [named('x'), named('y')], chosen: [1, 0], top: [[[0], [1]]], probabilities: [[[0.5], [0.25]]], entropy: [[1, 2]], rank: [[1, 2]], log: [[-1, -2]] });
  assert.deepEqual(columns.missing([0, 6]), [0, 1, 2, 5]);
  assert.equal(columns.get(4).rows[0].top[0].text, 'y');
  assert.equal(columns.get(4).followed.text, 'x');
  assert.deepEqual(nextPart([0, 1, 2, 5], 4, 2), [5, 6]);
  assert.deepEqual(nextPart([0, 1, 2], 4, 2), [1, 3]);
  assert.equal(nextPart([], 4, 2), null);
  assert.equal(windowFrom(null, 27, 8, [0, 28]), 20);
  assert.equal(windowFrom(20, 22, 8, [0, 28]), 20);
  assert.equal(windowFrom(20, 3, 8, [0, 28]), 0);
});

test('the waterfall ends at the logit', () => {
  const answer = { embedding: 4, heads: [[1, -2], [0.5, 0.25]], mlps: [-0.5, 3], biases: null, logits: 6.26, remainder: 0.01 };
  const steps = waterfall(answer, 3);
  assert.deepEqual(steps.map(({ name }) => name), ['embedding', 'MLP 1', 'L0H1', '4 others', 'rounding']);
  assert.ok(Math.abs(steps.at(-1).to - answer.logits) < 1e-9);
  assert.deepEqual(reach(steps), [0, 7]);
  assert.equal(partsOf(answer).length, 7);
  assert.deepEqual(shares(answer), { heads: -0.25, mlps: 2.5, embedding: 4 });
});
