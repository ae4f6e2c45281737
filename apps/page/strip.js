// The strip: tokens, what is switched off, and the next token.

import { h, put } from './dom.js';

export function createStrip(page) {
  const { store } = page;
  const [tokens, changes, forecast] = ['tokens', 'changes', 'forecast'].map((id) => h('div', { id }));
  page.slots.changes = changes;
  const box = h('section', { id: 'strip', 'aria-label': 'Tokens and next token' }, h('div', {}, tokens, changes), forecast);
  return {
    box,
    update(changed) {
      const { run } = store.data;
      if (!run || !changed.has('run')) return;
      put(tokens, run.tokens.map((token, at) => h('button', { type: 'button', onclick: () => store.select({ query: at }) }, token)));
      put(forecast, (run.forecast ?? []).map(({ token, probability }) => h('span', {}, `${token} ${probability.toFixed(3)}  `)));
    },
  };
}
