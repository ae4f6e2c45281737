// What the inspector says follows from the numbers: why a cell is hidden, what a change did, which rows are shown.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { headline, ranked, stages } from '../../../apps/explorer/inspector/explain.js';
import { percent } from '../../../apps/explorer/inspector/numbers.js';
import { sentence } from '../../../apps/explorer/inspector/sentence.js';

const cell = (changes = {}) => ({
  layer: 5, head: 3, query: 27, key: 12, kind: 'global', window: null, softcap: 50, scale: 0.1767767, causal: true, off: false,
  hidden: null, visible: 28, share: 0.3, rank: 1, length: 4.94, heads: [0.03, 0.3],
  values: { attn_logits: 6.42, attn_scores: 6.385, attn_masked: 6.385, attn_probs: 0.303, contribution: 1.5 },
  largest: { attn_logits: 6.42, attn_scores: 6.385, attn_masked: 6.385, attn_probs: 0.303, contribution: 5 },
  row: [{ key: 12, prob: 0.303, contribution: 1.5 }, { key: 4, prob: 0.277, contribution: 1.33 }, { key: 9, prob: 0.056, contribution: 0.29 }],
  ...changes,
});
const hidden = (reason, changes = {}) => cell({
  hidden: reason, rank: null, share: null, ...changes,
  values: { attn_logits: 1, attn_scores: 1, attn_masked: null, attn_probs: null, contribution: null },
});
const probable = (prob, changes = {}) => cell({ values: { ...cell().values, attn_probs: prob }, ...changes });
const said = (parts) => parts.map((part) => (typeof part === 'string' ? part : part.strong ?? `<${part.token}>`)).join('');

test('a sentence derived from the numbers', () => {
  assert.equal(said(sentence(cell())), '<27> gives 30 % of its attention to <12>: query and key agree strongly, the cap leaves it, and no key scores higher.');
  const weak = cell({ rank: 3, values: { attn_logits: -14, attn_scores: -13.6, attn_masked: -13.6, attn_probs: 0.001, contribution: 0 } });
  assert.equal(said(sentence(weak)), '<27> gives less than 1 % of its attention to <12>: query and key point apart, the cap brings it 0.40 closer to 0, and two keys score higher.');
  assert.equal(percent(0.9996), 'over 99 %');
});

test('a hidden cell has its reason as the headline', () => {
  const future = hidden('future', { query: 5, key: 12 });
  assert.deepEqual(headline(future, null), { was: null, now: 'comes later', hidden: true });
  assert.equal(said(sentence(future)), '<12> comes 7 tokens after <5>: the mask hides it, so it gets nothing.');
  const far = hidden('outside_window', { query: 40, key: 2, kind: 'local', window: 32 });
  assert.equal(said(sentence(far)), '<2> is 38 back, and the window holds 32: the mask hides it, so it gets nothing.');
  assert.deepEqual(stages(far, null).map(({ text }) => text), ['1.00', '1.00', '−∞', '0', '0']);
});

test('before and after a change, also where only one of the masks hides the cell', () => {
  const after = probable(0.079);
  assert.deepEqual(headline(cell(), after), { was: '0.303', now: '0.079', hidden: false });
  assert.equal(said(sentence(cell(), after, 'L4H5 off')), '<27> gave 30 % of its attention to <12>; with L4H5 off it gives 8 %.');
  assert.equal(stages(cell(), after)[3].note, 'was 0.303');
  assert.equal(said(sentence(cell(), hidden('outside_window'), 'window 4')), '<27> gave 30 % of its attention to <12>; with window 4 the mask hides it.');
  assert.equal(said(sentence(hidden('future'), probable(0.12), 'both sides visible')), '<12> was hidden (comes later); with both sides visible <27> gives it 12 %.');
});

test('a head that is off attends as before and writes nothing', () => {
  const off = cell({ off: true, values: { ...cell().values, contribution: 0 } });
  assert.match(said(sentence(cell(), off, 'L5H3 off')), /still gives 30 % .* nothing of it is written/);
  assert.deepEqual(stages(cell(), off).slice(3).map(({ text, note }) => [text, note]), [['0.303', 'softmax over 28 keys: rank 1'], ['0', 'was 1.50, 30 % of its row']]);
});

test('a learned sink takes what is missing in a row', () => {
  assert.equal(stages(cell({ sink: 0.12 })).at(3).note, 'softmax over 28 keys and the sink (12 %): rank 1');
  assert.match(said(sentence(probable(0.4, { visible: 1, sink: 0.6 }))), /40 % .* the only key it sees, and the rest to the learned sink\.$/);
  const sink = cell({ key: 'sink', values: { attn_logits: -0.27, attn_scores: -0.27, attn_masked: -0.27, attn_probs: 0.12, contribution: 0 } });
  assert.equal(said(sentence(sink)), '<27> gives 12 % of its attention to the learned sink: attention that no key gets, and that writes nothing.');
  assert.deepEqual(stages(sink).map(({ note }) => note).slice(2), ['no mask hides a sink', 'what the 28 keys of the row leave: rank 1', 'a sink has no value: it writes nothing']);
});

test('the chosen key is always among the rows', () => {
  assert.deepEqual(ranked(probable(0.01, { key: 20 }), null, 2).map(({ key }) => key), [12, 20]);
  assert.deepEqual(ranked(hidden('future', { key: 30 }), null, 2).map(({ key }) => key), [12, 4]);
});
