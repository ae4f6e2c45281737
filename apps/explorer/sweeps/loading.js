// Scores over the texts of a sweep are read when they are first wanted, and published as `swept` of the data; an example that
// became the text is compared with its run.

import { anyOf } from '../place.js';
import { sweepOf } from '../heads/scored.js';
import { isOf, originOf, shiftOf } from './opening.js';

export function createSweeps(page) {
  const { store } = page;
  const known = new Map(); // answers to come, by the name of the sweep

  async function read(name) {
    if (!known.has(name)) known.set(name, page.ask('sweep', { sweep: name }));
    try {
      const swept = await known.get(name);
      if (sweepOf(store)?.name === name) store.publish({ swept });
    } catch (error) {
      known.delete(name);
      store.publish({ error: error.message });
    }
  }

  // Once the text of an example has run: whether its tokens are those of the sweep.
  function check({ run, origin }) {
    if (!origin || origin.text !== run.text || origin.isChecked) return;
    const { example } = origin;
    const by = example ? shiftOf(example, run) : 0;
    const said = by === 0 && run.tokens.length === origin.tokens ? origin.said : `${origin.said}, cut into other tokens here`;
    store.publish({ origin: { ...origin, said, isChecked: true } });
    if (by && example && store.selection.query === example.query) store.select({ query: example.query + by, key: example.key && example.key + by }, { push: false });
  }

  // An address that names a window of the corpus: it is asked for, and a text that was too long for the address comes with it.
  async function recall({ selection: { corpus, text }, data: { origin } }) {
    const sweep = sweepOf(store);
    if (!corpus || !sweep || isOf(origin, corpus)) return;
    try {
      const window = await page.ask('origin', { sweep: sweep.name, ...corpus });
      const now = store.selection;
      if (now.corpus !== corpus || now.text !== text) return;
      if (text !== null && window.text !== text) return store.select({ corpus: null }, { push: false });
      store.publish({ origin: originOf(window) });
      if (text === null) store.select({ text: window.text }, { push: false });
    } catch {
      if (store.selection.corpus === corpus) store.select({ corpus: null }, { push: false });
    }
    return undefined;
  }

  return {
    update(changed) {
      if (store.data.run && anyOf(changed, 'run', 'corpus', 'sweep')) recall(store);
      if (store.data.run && anyOf(changed, 'run', 'origin')) check(store.data);
      if (!anyOf(changed, 'run', 'scored', 'sweep', 'look')) return;
      const { scored, look } = store.selection;
      const wanted = scored === 'sweep' || look === 'head' ? sweepOf(store) : null;
      if (wanted && wanted.name !== store.data.swept?.name) read(wanted.name);
    },
  };
}
