import assert from 'node:assert/strict';
import { test } from 'node:test';
import { probabilityWords, rowsOf } from '../../../apps/page/forecast.js';
import { duration, progressWords } from '../../../apps/page/progress.js';
import { beginningOf, directionOf, groupsOf, isMark, lettersOf, windowOf } from '../../../apps/page/words.js';

const shown = (...texts) => texts.map((text) => (text.startsWith('+') ? { text: text.slice(1), joins: true } : { text, joins: false }));

test('tokens stand together as words do', () => {
  const run = { readable: shown('<bos>', 'bl', '+ue', '+.', 'red'), words: [0, 1, 1, 2, 3] };
  assert.deepEqual(groupsOf(run, [0, 5]).map(({ at, joins }) => [at, joins]), [[[0], false], [[1, 2], false], [[3], true], [[4], false]]);
});

test('a long text shows the tokens around the chosen one', () => {
  assert.deepEqual([windowOf(28, 3), windowOf(1000, 500, 100), windowOf(1000, 2, 100), windowOf(1000, 999, 100)], [[0, 28], [450, 550], [0, 100], [900, 1000]]);
});

test('directions, marks and accents', () => {
  assert.deepEqual(['123 שלום', 'red', '中文', 'مرحبا a'].map(directionOf), ['rtl', 'ltr', 'ltr', 'rtl']);
  assert.deepEqual(['␣␣', '␣×31', '↵↵', '␇', 'U+200D', 'byte C3', 'a', '-'].map(isMark), [true, true, true, true, true, true, false, false]);
  assert.equal(lettersOf('\u0301'), '\u25cc\u0301');
});

test('a token that goes on with the last word is shown with it', () => {
  const text = shown('<bos>', 'red', 'bl');
  assert.equal(beginningOf(text, { text: 'ue', joins: true }), 'bl');
  assert.equal(beginningOf(text, { text: 'ue', joins: false }), '');
  assert.equal(beginningOf(text, { text: '-', joins: true }), '');
  assert.equal(beginningOf(shown('end', '+.'), { text: 'ue', joins: true }), '');
});

test('what was stands beside what is', () => {
  const run = { forecast: [{ token: 'a', probability: 0.9 }] };
  const pair = { forecast: [{ token: 'a', probability: 0.1, was: 0.9 }] };
  assert.deepEqual(rowsOf(run, null), [{ token: { token: 'a' }, now: 0.9, was: null }]);
  assert.deepEqual(rowsOf(run, pair), [{ token: { token: 'a' }, now: 0.1, was: 0.9 }]);
  assert.deepEqual([0.9029, 0.0079, 0.00003, 0].map(probabilityWords), ['0.903', '0.0079', '<0.0001', '0.0000']);
});

test('progress in words', () => {
  assert.equal(progressWords({ done: 7, of: 26, what: 'layers', seconds_left: 12 }), 'layer 7 of 26, 12 seconds left');
  assert.equal(progressWords({ done: 1, of: 4, what: 'downloading a/b, 5.2 GB', seconds_left: 200 }), 'downloading a/b, 5.2 GB: 25 %, 3 minutes left');
  assert.equal(progressWords({ done: 0, of: 1, what: 'loading a/b', seconds_left: null }), 'loading a/b');
  assert.deepEqual([1, 89, 120, 7200].map(duration), ['1 second', '89 seconds', '2 minutes', '2 hours']);
});
