// Why this number: the chosen cell in five stages.

import { put } from '../../page/dom.js';

export function createInspector(page, box) {
  const { store } = page;
  return {
    update() {
      const { query, key } = store.selection;
      put(box, query === null || key === null ? 'Click a cell.' : `${query} → ${key}`);
    },
  };
}
