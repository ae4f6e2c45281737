// Changes in words, each with what takes it back; a second text that shows something beside the first.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { UNCHANGED } from '../../../apps/explorer/changes/restore.js';
import { changesOf, phrase } from '../../../apps/explorer/changes/words.js';
import { bestOf, columnsOf, numbersOf, shareText } from '../../../apps/explorer/looks/patch_words.js';
import { corruption, suggestion } from '../../../apps/explorer/looks/suggestion.js';

test('each change takes back itself only', () => {
  const selection = { ...UNCHANGED, off: ['L5H2', 'L5H3'], cap: '5', causal: 'off' };
  assert.deepEqual(changesOf(selection).map(({ label, undo }) => [label, undo]), [
    ['L5H2', { off: ['L5H3'] }], ['L5H3', { off: ['L5H2'] }], ['cap 5', { cap: null }], ['both sides visible', { causal: null }],
  ]);
  assert.equal(phrase(selection), 'L5H2 and L5H3 off, cap 5 and both sides visible');
  assert.deepEqual(changesOf(UNCHANGED), []);
});

test('texts to compare with', () => {
  assert.equal(suggestion('red blue red blue').text, 'red blue');
  assert.equal(suggestion('a fine day').text, 'a fine day a fine day');
  assert.equal(corruption('red blue green red blue'), 'red blue green red green');
  assert.equal(corruption('day'), 'day');
});

test('the cell that brings most back, and cells that were not patched', () => {
  const grid = { by: 'head', values: [[1, null], [2, 3]], shares: [[0.1, null], [0.9, 0.2]] };
  assert.deepEqual(bestOf(grid), { layer: 1, column: 0, share: 0.9 });
  assert.deepEqual(columnsOf(grid), ['H0', 'H1']);
  assert.deepEqual([0.001, -0.004, -0.3].map(shareText), ['0', '0', '−0.30']);
});

test('chosen positions are numbers and spans of numbers', () => {
  assert.deepEqual(numbersOf('3, 5-7, 3'), [3, 5, 6, 7]);
  assert.equal(numbersOf(' '), null);
  for (const odd of ['x', '3,', '-1', '7-5', '1-999999']) assert.equal(numbersOf(odd), undefined);
});
