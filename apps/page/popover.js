// What opens below a button and closes on Escape, on a choice, and on a press elsewhere.

import { h, put } from './dom.js';

let close = null; // of the one that is open

// `fill(box, close)` puts in what is to be seen, each time it opens; `role` is menu or dialog.
export function attachPopover(button, { role, label, fill, side = 'left' }) {
  const box = h('div', { class: `pop ${side}`, role, 'aria-label': label, hidden: true });
  button.setAttribute('aria-haspopup', role);
  button.setAttribute('aria-expanded', 'false');
  button.after(box);

  function shut({ focus = true } = {}) {
    if (box.hidden) return;
    box.hidden = true;
    button.setAttribute('aria-expanded', 'false');
    close = null;
    if (focus) button.focus();
  }

  function open() {
    close?.({ focus: false });
    put(box);
    fill(box, shut);
    box.hidden = false;
    button.setAttribute('aria-expanded', 'true');
    close = shut;
    box.querySelector('[data-first], input, [role^=menuitem]')?.focus();
  }

  button.addEventListener('click', () => (box.hidden ? open() : shut()));
  for (const element of [button, box]) element.addEventListener('keydown', (event) => keys(event, element));

  function keys(event, element) {
    if (event.key === 'Escape' && !box.hidden) shut();
    else if (event.key === 'ArrowDown' && element === button && box.hidden) open();
    else if (element === box && event.key === 'Tab' && role === 'menu') return shut();
    else if (element === box && role === 'menu' && walk(box, event.key)) event.preventDefault();
    else {
      if (element === box) event.stopPropagation();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  document.addEventListener('pointerdown', (event) => {
    if (!box.hidden && !box.contains(event.target) && !button.contains(event.target)) shut({ focus: false });
  });
  return { open, shut, box };
}

// Focus goes to the next item of a menu; whether the key meant that.
function walk(box, key) {
  const items = [...box.querySelectorAll('[role^=menuitem]')];
  const at = items.indexOf(document.activeElement);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[key];
  if (next === undefined) return false;
  items[(next + items.length) % items.length]?.focus();
  return true;
}

// A menu of {label, about, isOn, act}.
export function attachMenu(button, label, items, options = {}) {
  return attachPopover(button, {
    role: 'menu', label, ...options,
    fill(box, shut) {
      put(box, items().map(({ label: name, about, isOn, act }) => h('button', {
        type: 'button', role: isOn === undefined ? 'menuitem' : 'menuitemradio', tabindex: '-1', class: about ? 'item two' : 'item',
        'aria-checked': isOn === undefined ? null : String(isOn), onclick: () => { shut(); act(); },
      }, name, about ? h('span', {}, about) : null)));
    },
  });
}
