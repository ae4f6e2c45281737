// A dialog of the browser's own, which keeps the focus, closes on Escape and on a press beside it.

import { h, put } from './dom.js';

export function createDialog(page, label, className = '') {
  const content = h('div', { class: 'content' });
  const close = h('button', { type: 'button', class: 'icon close', 'aria-label': 'Close', onclick: () => box.close() }, '×');
  const box = h('dialog', { class: className, 'aria-label': label }, close, content);
  box.addEventListener('pointerdown', (event) => { if (event.target === box) box.close(); });
  box.addEventListener('keydown', (event) => event.stopPropagation());
  page.root().append(box);
  return {
    box,
    open(...children) {
      put(content, ...children);
      if (!box.open) box.showModal();
    },
    close: () => box.close(),
  };
}
