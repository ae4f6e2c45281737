// Scores over the texts of a sweep are read when they are first wanted, and published as `swept` of the data; an example that
// became the text is compared with its run.

import { anyOf } from '../place.js';
import { sweepOf } from '../heads/scored.js';
import { shiftOf } from './opening.js';

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
    const by = shiftOf(example, run);
    const said = by === 0 && run.tokens.length === example.tokens ? origin.said : `${origin.said}, cut into other tokens here`;
    store.publish({ origin: { ...origin, said, isChecked: true } });
    if (by && store.selection.query === example.query) store.select({ query: example.query + by, key: example.key && example.key + by }, { push: false });
  }

  return {
    update(changed) {
      if (store.data.run && anyOf(changed, 'run', 'origin')) check(store.data);
      if (!anyOf(changed, 'run', 'scored', 'sweep', 'look')) return;
      const { scored, look } = store.selection;
      const wanted = scored === 'sweep' || look === 'head' ? sweepOf(store) : null;
      if (wanted && wanted.name !== store.data.swept?.name) read(wanted.name);
    },
  };
}
