// Heads: a thumbnail of each, and which one is chosen.

import { h, put } from '../../page/dom.js';
import { headName } from '../../page/selection.js';

export function createHeads(page, box) {
  const { store } = page;
  return {
    update(changed) {
      const { run } = store.data;
      if (!run || (changed && !changed.has('run') && !changed.has('head'))) return;
      const names = run.layers.flatMap((_, layer) => Array.from({ length: run.heads }, (_head, head) => headName({ layer, head })));
      put(box, names.map((name) => h('button', { type: 'button', 'aria-pressed': name === store.selection.head, onclick: () => store.select({ head: name }) }, `${name} `)));
    },
  };
}
