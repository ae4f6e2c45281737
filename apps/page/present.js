// Presenting: no chrome, large type, the arrows step through the heads. Beside the map: the head, its claim with its
// buttons, which move here from the map, and the next token.

import { h, put } from './dom.js';
import { expectedToken, probabilityWords, rowsOf } from './forecast.js';

const HINTS = [['←', '→', 'head'], ['↑', '↓', 'layer'], ['Esc', 'leave']];

// A mode may fill `page.slots.claim`, an element with one sentence and buttons, and has `who(store)`: what names the head.
export function createPresentation(page) {
  const { store } = page;
  const [who, bars] = [h('div', { class: 'who' }), h('div', { class: 'bars' })];
  const box = h('section', { id: 'story', 'aria-label': 'What this head does', hidden: true }, who, bars,
    h('div', { class: 'esc' }, HINTS.map((hint) => h('span', {}, hint.slice(0, -1).map((key) => h('kbd', {}, key)), ` ${hint.at(-1)}`))),
    h('button', { type: 'button', class: 'btn leave', onclick: () => store.select({ present: false }) }, 'Leave'));
  let home = null; // of the claim, while it is here

  function bar({ token, now, was }) {
    const fill = (kind, value) => h('i', { class: kind, style: { width: `${100 * value}%` } });
    return h('div', { class: 'pf' }, expectedToken(store.data.run, token),
      h('span', { class: 'bb', 'aria-hidden': 'true' }, was === null ? null : fill('was', was), fill('now', now)), h('b', { class: 'n' }, probabilityWords(now)));
  }

  function move() {
    const { claim } = page.slots;
    const isHere = claim?.parentElement === box;
    if (!claim || isHere === store.selection.present) return;
    if (isHere) home.append(claim);
    else {
      home = claim.parentElement;
      who.after(claim);
    }
  }

  return {
    box,
    update(changed) {
      box.hidden = !store.selection.present;
      if (changed.has('present')) move();
      if (box.hidden || !store.data.run) return;
      put(who, page.mode().who?.(store));
      if (['present', 'run', 'pair'].some((key) => changed.has(key))) put(bars, rowsOf(store.data.run, store.data.pair).slice(0, 4).map(bar));
    },
  };
}
