// The footer: keys of the mode, copy link, save.

import { h, put } from './dom.js';
import { openSave } from './save/dialog.js';

const CONFIRMED_MS = 2000;

export function createFooter(page) {
  const hints = h('div', { class: 'hints' });
  const copy = h('button', { class: 'btn q sm', type: 'button', title: 'The address of what is shown', onclick: copyLink }, 'Copy link');
  const save = h('button', { id: 'save', class: 'btn sm', type: 'button', onclick: () => openSave(page) }, 'Save figure…');
  let timer = 0;

  async function copyLink() {
    const isCopied = await writeText(window.location.href);
    copy.textContent = isCopied ? 'Link copied' : 'Copy it from the address bar';
    page.say(copy.textContent);
    clearTimeout(timer);
    timer = setTimeout(() => { copy.textContent = 'Copy link'; }, CONFIRMED_MS);
  }

  return {
    box: h('footer', { id: 'foot' }, hints, copy, save),
    update(changed) {
      if (!changed.has('mode') && !changed.has('look')) return;
      const { savable, looks, hints: common } = page.mode();
      const shown = looks?.find(({ name }) => name === page.store.selection.look)?.hints ?? common;
      save.hidden = !savable;
      put(hints, shown.map((hint) => h('span', {}, hint.slice(0, -1).map((key) => h('kbd', {}, key)), ` ${hint.at(-1)}`)));
    },
  };
}

// The clipboard is there on this machine and over https; elsewhere the old way may still do.
async function writeText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = h('textarea', { class: 'live' }, text);
    document.body.append(field);
    field.select();
    const isCopied = document.execCommand('copy');
    field.remove();
    return isCopied;
  }
}
