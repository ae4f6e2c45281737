import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStore } from '../../../apps/page/store.js';

function browser(search = '') {
  const entries = [{ state: null, search }];
  let at = 0;
  const location = { pathname: '/', hash: '', get search() { return entries[at].search; } };
  const searchOf = (address) => (address.includes('?') ? address.slice(address.indexOf('?')) : '');
  const history = {
    get state() { return entries[at].state; },
    pushState(state, _title, address) { entries.splice(at + 1, Infinity, { state, search: searchOf(address) }); at += 1; },
    replaceState(state, _title, address) { entries[at] = { state, search: searchOf(address) }; },
  };
  return { location, history, entries, back: () => { at -= 1; } };
}

test('Back undoes what is a step, with its long text, and tells what has changed', () => {
  const { location, history, back, entries } = browser('?head=L1H1');
  const store = createStore(location, history);
  const long = 'a'.repeat(5000);
  const told = [];
  store.listen((changed) => told.push([...changed].sort()));
  store.select({ text: long });
  store.select({ stage: 'attn_logits' });
  store.select({ head: 'L2H2' });
  assert.equal(entries.length, 3);
  back();
  store.restore();
  assert.deepEqual([store.selection.head, store.selection.text, store.selection.stage], ['L1H1', long, 'attn_logits']);
  assert.deepEqual(told, [['text'], ['stage'], ['head'], ['head']]);
});

test('letters that are typed are one step', () => {
  const { location, history, entries } = browser();
  const store = createStore(location, history);
  store.select({ text: 'a' }, { push: true });
  store.select({ text: 'ab' }, { push: false });
  assert.equal(entries.length, 2);
  assert.equal(location.search, '?text=ab');
});

test('what is published is told by the keys whose values differ', () => {
  const { location, history } = browser();
  const store = createStore(location, history);
  const run = { id: 1 };
  const told = [];
  store.listen((changed) => told.push([...changed]));
  store.publish({ run, busy: null });
  store.publish({ run });
  assert.deepEqual(told, [['run', 'busy']]);
});
