// Keys of the page, then those of the open mode, unless somebody is typing or a dialog is open.

import { openSave } from './save/dialog.js';

const TYPING = 'input, textarea, select, [contenteditable]';

export function bindKeys(page) {
  const own = {
    p: () => page.store.select({ present: !page.store.selection.present }),
    s: () => page.mode().savable && openSave(page),
    '?': () => page.help(),
    Escape: () => page.store.select({ present: false }),
  };

  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.(TYPING) || document.querySelector('dialog[open]')) return;
    const { keys } = page.mode();
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const isLeaving = name === 'Escape' && page.store.selection.present;
    const act = (!isLeaving && (keys[(event.shiftKey ? 'Shift+' : '') + event.key] ?? keys[name])) || own[name];
    if (!act) return;
    event.preventDefault();
    act(page, event);
  });
}
