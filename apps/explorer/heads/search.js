// Finds heads: "L12H3", the name of a badge, local or global. There from the start where there are many heads, else
// behind the key "/".

import { h, icon } from '../../page/dom.js';
import { anyOf } from '../place.js';
import { isLarge } from './grid.js';

export function createSearch(page) {
  const { store } = page;
  const field = h('input', {
    type: 'search', placeholder: 'L5H3, copies, sink, local', 'aria-label': 'Find heads', spellcheck: 'false', autocomplete: 'off',
    oninput: () => store.select({ find: field.value }),
    onkeydown: (event) => { if (event.key === 'Escape') close(); },
    onblur: () => show(),
  });
  const box = h('div', { class: 'search' }, icon('M13 13l5 5M2 8.5a6.5 6.5 0 1 0 13 0a6.5 6.5 0 1 0-13 0'), field);

  function show(opens = false) {
    box.hidden = !(opens || store.selection.find || (store.data.run && isLarge(store.data.run)));
  }

  function close() {
    store.select({ find: '' });
    field.blur();
  }

  page.slots.search = () => {
    show(true);
    field.focus();
  };

  return {
    box,
    update(changed) {
      if (!anyOf(changed, 'run', 'find')) return;
      if (field.value !== store.selection.find) field.value = store.selection.find;
      show(document.activeElement === field);
    },
  };
}
