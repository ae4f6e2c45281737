// The footer: keys of the mode, copy link, save.

import { h, put } from './dom.js';
import { openSave } from './save/dialog.js';

export function createFooter(page) {
  const hints = h('div', { class: 'hints' });
  const copy = h('button', { class: 'btn q', type: 'button', onclick: () => navigator.clipboard.writeText(window.location.href) }, 'Copy link');
  const save = h('button', { id: 'save', class: 'btn', type: 'button', onclick: () => openSave(page) }, 'Save figure…');
  return {
    box: h('footer', { id: 'foot' }, hints, copy, save),
    update(changed) {
      if (!changed.has('mode')) return;
      put(hints, page.mode().hints.map((hint) => h('span', {}, hint.slice(0, -1).map((key) => h('kbd', {}, key)), ` ${hint.at(-1)}`)));
    },
  };
}
