import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRunner } from '../../../apps/page/running.js';
import { createStore } from '../../../apps/page/store.js';

// A page whose runs end when the test says so.
function page() {
  const store = createStore({ pathname: '/', hash: '', search: '' }, { state: null, pushState() {}, replaceState() {} });
  const runs = [];
  const mode = {
    name: 'explore', examples: [{ text: 'first' }], models: () => ['tiny'], traces: () => [],
    run: (_page, asked, { signal }) => new Promise((resolve, reject) => {
      runs.push({ asked, signal, resolve: (id) => resolve({ run: { id, seconds: 0.1 } }), fail: (words) => reject(new Error(words)) });
      signal.addEventListener('abort', () => reject(new DOMException('', 'AbortError')));
    }),
  };
  const made = { store, settings: {}, mode: () => mode };
  made.runner = createRunner(made);
  store.listen(() => made.runner.update());
  return { ...made, runs };
}
const settle = () => new Promise((resolve) => { setTimeout(resolve, 0); });

test('the last request wins, and the one before is broken off', async () => {
  const { store, runner, runs } = page();
  runner.update();
  store.select({ text: 'second' });
  assert.ok(runs[0].signal.aborted);
  runs[1].resolve(2);
  runs[0].resolve(1);
  await settle();
  assert.deepEqual([runs.length, store.data.run.id, store.data.busy, store.data.stale], [2, 2, null, false]);
});

test('what is typed runs at once where nothing runs, else the latest of it when that is drawn', async () => {
  const { runner, runs } = page();
  runner.update();
  const typed = [];
  runner.soon(() => typed.push('a'));
  runner.soon(() => typed.push('b'));
  assert.deepEqual(typed, []);
  runs[0].resolve(1);
  await new Promise((resolve) => { setTimeout(resolve, 50); });
  assert.deepEqual(typed, ['b']);
  runner.soon(() => typed.push('c'));
  assert.deepEqual(typed, ['b', 'c']);
});

test('a run that fails keeps what was shown, says why once, and does not run again by itself', async () => {
  const { store, runner, runs } = page();
  runner.update();
  runs[0].resolve(1);
  await settle();
  store.select({ text: 'bad' });
  runs[1].fail('no such thing');
  await settle();
  assert.deepEqual([store.data.run.id, store.data.error, store.data.stale, runs.length], [1, 'no such thing', true, 2]);
  runner.run();
  runs[2].resolve(3);
  await settle();
  assert.deepEqual([store.data.run.id, store.data.error, store.data.stale], [3, null, false]);
});

test('Cancel leaves what was shown, marked as of another text', async () => {
  const { store, runner, runs } = page();
  runner.update();
  runs[0].resolve(1);
  await settle();
  store.select({ text: 'long' });
  runner.cancel();
  await settle();
  assert.deepEqual([store.data.run.id, store.data.busy, store.data.error, store.data.stale], [1, null, null, true]);
});
