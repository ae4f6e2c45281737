import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LONGEST_TEXT, START, differences, format, isStep, leftOut, parse } from '../../../apps/page/selection.js';

test('an address says only what differs from the default', () => {
  assert.equal(format(START), '');
  const here = { ...START, text: 'a+b', head: 'L5H3', query: 27, key: 12, off: ['L5H2', 'L5H3'] };
  assert.equal(format(here), '?text=a%2Bb&head=L5H3&query=27&key=12&off=L5H2.L5H3');
  assert.deepEqual(parse(format(here)), here);
  const there = { ...START, key: 'sink', corpus: { document: 312, piece: 2 } };
  assert.equal(format(there), '?key=sink&from=312.2');
  assert.deepEqual(parse(format(there)), there);
});

test('parameters that are not ours stay, those of old go', () => {
  assert.equal(format({ ...START, head: 'L1H1' }, '?__theme=dark&layer=3&tab=heads'), '?__theme=dark&head=L1H1');
});

test('what makes no sense is left at its default', () => {
  assert.deepEqual(parse('?head=x&query=-1&key=1e9&stage=none&view=3d&look=nothing&off=L1H1.what&mode=play'), { ...START, off: ['L1H1'] });
});

test('addresses of 0.1.0 open', () => {
  const cases = {
    '?text=a&layer=5&head=3&stage=attn_scores&query=4&key=2': { text: 'a', head: 'L5H3', stage: 'attn_scores', query: 4, key: 2 },
    '?tab=heads&layer=1': { drawing: 'lines', head: 'L1H0' },
    '?tab=softcap&softcap_head=4,5&softcap=12&final_softcap=off': { look: 'softcap', head: 'L4H5', cap: '12', finalCap: 'off' },
    '?tab=lens&lens_token=red': { look: 'prediction' },
    '?tab=classify&classifier=tiny-ner': { mode: 'classify', model: 'tiny-ner' },
    '?trace=saved&tab=atlas': { trace: 'saved', look: 'atlas' },
  };
  for (const [address, wanted] of Object.entries(cases)) assert.deepEqual(parse(address), { ...START, ...wanted }, address);
});

test('a text too long for an address stays in the history', () => {
  const long = { ...START, text: 'a'.repeat(LONGEST_TEXT + 1), head: 'L1H1' };
  assert.equal(format(long), '?head=L1H1');
  assert.deepEqual(leftOut(long), { text: long.text });
  assert.equal(leftOut({ ...START, text: 'a' }), null);
});

test('steps that Back returns from', () => {
  assert.ok(isStep(START, { ...START, head: 'L1H1' }));
  assert.ok(!isStep(START, { ...START, stage: 'attn_logits' }));
  assert.deepEqual([...differences(START, { ...START, off: [], query: 3 })], ['query']);
});
