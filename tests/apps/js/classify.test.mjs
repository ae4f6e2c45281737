// Classify without a browser: where the reader is, what is painted, what is said.

import assert from 'node:assert/strict';
import test from 'node:test';

import { claimOf, editClaim, listed, outClaim } from '../../../apps/token_classification/claims.js';
import { probability, signed, times } from '../../../apps/token_classification/numbers.js';
import { FAINT, paintOf, stepOf } from '../../../apps/token_classification/paint.js';
import { listOf, placeOf, questionOf } from '../../../apps/token_classification/place.js';
import { suggestionsFor } from '../../../apps/token_classification/suggestions.js';
import { changedWord, editedText, movedTo } from '../../../apps/token_classification/variant.js';

const word = (text, before = ' ', label = 'O') => ({ text, before, label, margin: 0.9, confidence: 0.95 });
const labels = {
  text: 'They sailed from New Jordan.', model: 'm', kind: 'token', tagged: true, classes: ['O', 'B-PER', 'I-PER', 'B-LOC', 'I-LOC'],
  words: [word('They', ''), word('sailed'), word('from'), word('New', ' ', 'B-LOC'), word('Jordan', ' ', 'I-LOC'), word('.', '')],
  after: '', sentences: [[0, 6]], opening: 3, entities: [{ label: 'LOC', text: 'New Jordan', first: 3, stop: 5, margin: 0.5, confidence: 0.7 }],
};
const at = (selection = {}, data = labels) => placeOf({ selection: { word: null, ...selection }, data: { labels: data } });
const flip = { word: 2, text: 'from', effect: 6.8, changed: true, label: 'PER', confidence: 0.98 };
const rows = [{ word: 1, text: 'sailed', effect: -1.1, changed: false, label: 'LOC', confidence: 0.9 }, flip];
const out = { rows, asked: 'New Jordan', label: 'LOC', against: 'PER' };
const plain = (sentence) => sentence.map((part) => part.strong ?? part).join('');

test('a word of an entity asks about all of it, types before classes', () => {
  assert.deepEqual([at().first, at({ word: 4 }).first, at({ word: 99 }).word, at({ word: 1 }).entity], [3, 3, 3, null]);
  assert.deepEqual(questionOf(at(), { why: 'PER', rather: 'nonsense' }), { model: 'm', text: labels.text, word: 3, entity: true, label: 'PER', against: null });
  assert.equal(questionOf(at({ word: 1 }), { why: 'B-PER' }).label, 'B-PER');
  assert.equal(questionOf(at(), { why: 'PER', rather: 'PER' }).against, null);
});

test('the list begins with what is least sure', () => {
  const entities = [{ ...labels.entities[0], first: 0, margin: 0.9 }, { ...labels.entities[0], margin: 0.1 }, { label: 'PER', margin: 0 }];
  assert.deepEqual(listOf({ labels: { ...labels, entities } }, 'LOC').shown.map(({ margin }) => margin), [0.1, 0.9]);
  assert.equal(listOf({ labels: { ...labels, tagged: false } }, null).every.length, 6);
});

test('words are painted by size, faint ones are not, and labels that change are kept', () => {
  const paint = paintOf('out', { leave_one_out: out }, at());
  assert.deepEqual([paint.values[2], paint.values[0], paint.flips[2], paint.most], [6.8, null, 'PER', 6.8]);
  assert.equal(stepOf(FAINT / 2, 1, 'diverging'), null);
  assert.deepEqual([stepOf(1, 1, 'diverging'), stepOf(-1, 1, 'diverging'), stepOf(null, 1, 'diverging')], [255, 0, null]);
  assert.equal(paintOf('grad', {}, at()), null);
  const units = [['They', 0, 1], ['sailed', 1, 0], ['from', 2, 0], ['New Jordan', 3, 2], ['.', 5, 0]];
  assert.deepEqual(paintOf('grad', { saliency: { units } }, { ...at(), per: 'entity' }).values, [1, 0, 0, 2, 2, 0]);
});

test('one sentence says why', () => {
  assert.equal(plain(outClaim(out)[0]), 'New Jordan is LOC because of from: without it PER 0.98.');
  assert.equal(plain(outClaim({ ...out, rows: [rows[0]] })[0]), 'No single word decides it: each can go and New Jordan stays LOC.');
  assert.equal(plain(outClaim({ ...out, rows: [] })[0]), 'New Jordan is LOC; there is no other word that could be taken out.');
  assert.equal(plain(listed(out)), 'without from: PER 0.98');
  const saliency = { by_word: [0, 4.2, 1, 3, 3, 0], label: 'LOC' };
  const reasons = { leave_one_out: out, saliency };
  const [claim, below] = claimOf('grad', reasons, paintOf('grad', reasons, at()), labels.words, [3, 5]);
  assert.equal(plain(claim), 'Gradients put most of LOC on sailed: +4.20 of the log-odds.');
  assert.equal(plain(below), 'Taken out, from gives PER 0.98.');
  const edit = { before: { label: 'LOC' }, after: { label: 'O' }, asked: 'Jordan', from: 'from', to: 'with', others: 0 };
  assert.equal(editClaim(edit).map(plain).join(' '), 'With with instead of from, Jordan is no entity. All other labels stay.');
});

test('a word is changed in its place', () => {
  assert.equal(editedText(labels, { at: 2, by: 'with' }), 'They sailed with New Jordan.');
  assert.equal(changedWord(at(), null, { leave_one_out: out }), 2);
  assert.equal(changedWord(at(), { at: 1, by: '' }, { leave_one_out: out }), 1);
  assert.equal(movedTo(labels, { words: Array(7) }, { at: 2 }, 3), 4);
  assert.ok(suggestionsFor(labels, 2).includes('with'));
  assert.ok(!suggestionsFor(labels, 2).includes('from'));
});

test('numbers as they are written', () => {
  assert.deepEqual([probability(0.8165), probability(0.9963), probability(0.99999), probability(0), probability(0.0259)], ['0.82', '0.996', '>0.999', '0.000', '0.026']);
  assert.deepEqual([signed(-1.114), times(1.72), times(9)], ['−1.11', '5.6', 'over 1,000']);
});
