// The tooltip at the pointer: the value, from which token to which, and why where there is none.

import { h, put } from '../../page/dom.js';

const AWAY = [16, 18];

export function createTooltip() {
  const box = h('div', { class: 'tip', role: 'tooltip', hidden: true });

  // lines: [big, ...small]
  function show({ clientX, clientY }, [big, ...small]) {
    put(box, h('div', { class: 'big' }, big), small.map((line) => h('div', {}, line)));
    box.hidden = false;
    const { offsetWidth: width, offsetHeight: height } = box;
    const x = clientX + AWAY[0] + width > window.innerWidth - 8 ? clientX - width - 14 : clientX + AWAY[0];
    const y = clientY + AWAY[1] + height > window.innerHeight - 8 ? clientY - height - 14 : clientY + AWAY[1];
    Object.assign(box.style, { left: `${Math.max(8, x)}px`, top: `${Math.max(8, y)}px` });
  }

  return { box, show, hide: () => { box.hidden = true; } };
}
