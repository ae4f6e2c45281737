// Pinned heads: A, B and up to two more, and the button that shows them side by side.

import { h, put } from '../../page/dom.js';
import { headOf } from '../../page/selection.js';
import { anyOf, placeOf } from '../place.js';
import { MOST_PINS, choose, pin } from './actions.js';
import { isLarge } from './grid.js';
import { pictured } from './thumbnails.js';

const NAMES = 'ABCD';

export function createPins(page, thumbnails) {
  const { store } = page;
  const box = h('div', { class: 'pins', role: 'group', 'aria-label': 'Pinned heads' });

  function slot(name, at) {
    const label = h('b', { class: 'letter' }, NAMES[at]);
    if (!name) {
      const title = `Pin the head on screen (key ${NAMES[at].toLowerCase()})`;
      return h('button', { type: 'button', class: 'slot', title, onclick: () => pin(page, placeOf(store).name, at) }, label, 'not pinned');
    }
    const canvas = isLarge(store.data.run) ? null : h('canvas');
    const { layer, head } = headOf(name);
    if (canvas) thumbnails.load(pictured(store)).then((pictures) => thumbnails.paint(canvas, pictures, layer, head), () => {});
    const drop = h('button', { type: 'button', class: 'drop', 'aria-label': `Unpin ${name}`, onclick: () => pin(page, name, at) }, '×');
    return h('span', { class: 'slot full' }, h('button', { type: 'button', class: 'go', title: 'Show it', onclick: () => choose(page, name) }, label, canvas, name), drop);
  }

  return {
    box,
    update(changed) {
      if (!anyOf(changed, 'run', 'pins', 'ab', 'pair', 'side', 'theme')) return;
      const { pins, ab } = store.selection;
      const shown = pins.length < 2 ? [pins[0], pins[1]] : pins.slice(0, MOST_PINS);
      const side = h('button', {
        type: 'button', class: 'btn sm side', 'aria-pressed': String(ab), disabled: pins.length < 2, title: 'Side by side',
        onclick: () => store.select({ ab: !ab }),
      }, NAMES.slice(0, Math.max(2, pins.length)).split('').join(' | '));
      box.classList.toggle('many', pins.length > 2);
      put(box, shown.map(slot), h('span', { class: 'grow' }), side);
    },
  };
}
