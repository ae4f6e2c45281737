// "Change…": cap, window, mask and final cap, each with what is allowed and the model's own.

import { h, put, segments } from '../../page/dom.js';
import { attachPopover } from '../../page/popover.js';
import { changesOf } from './words.js';

const OFF = 'off';

export function createMenu(page) {
  const { store } = page;
  const button = h('button', { type: 'button', 'aria-label': 'Change the model' });
  const box = h('span', { class: 'change-menu', hidden: true }, button);
  let fields = [];
  attachPopover(button, { role: 'dialog', label: 'Change the model', fill });

  async function fill(popover) {
    fields = [];
    try {
      const own = await page.ask('changeable', { run: store.data.run.id });
      fields = rows(own);
      put(popover, proof(), fields.map((field) => field.box));
      update();
      popover.querySelector('input')?.focus();
    } catch (error) {
      put(popover, h('p', {}, error.message));
    }
  }

  // What each change did, measured.
  function proof() {
    const { pair } = store.data;
    return pair && h('ul', { class: 'proof' }, pair.effects.map(({ sentence }, at) => h('li', {}, h('b', {}, pair.changes[at]), ` ${sentence}`)));
  }

  const choose = (patch) => store.select(patch, { push: true });

  function rows(own) {
    const where = own.local.length > 6 ? `${own.local.length} local layers` : `local layers ${own.local.join(', ')}`;
    return [
      number('cap', 'Attention cap', own.cap, 'any number above 0'),
      own.window === null ? null : number('window', 'Window', own.window, `1 or more, in ${where}`),
      direction(own.causal),
      own.predicts ? number('finalCap', 'Final cap', own.final, 'any number above 0') : null,
    ].filter(Boolean);
  }

  // A number or off; empty, or the model's own, is no change.
  function number(key, label, own, allowed) {
    const mine = own === null ? OFF : String(own);
    const input = h('input', { type: 'text', inputmode: 'decimal', 'aria-label': label, placeholder: mine, onchange: () => set(input.value.trim()) });
    const set = (value) => choose({ [key]: value === '' || value === mine ? null : value });
    const off = own === null ? null : h('button', { type: 'button', class: 'btn', onclick: () => set(store.selection[key] === OFF ? '' : OFF) }, 'Off');
    return {
      box: h('div', { class: 'field' }, h('span', {}, label), input, off, h('span', { class: 'note' }, `${allowed}; the model's own: ${mine}`)),
      update() {
        if (document.activeElement !== input) input.value = store.selection[key] ?? '';
        off?.setAttribute('aria-pressed', store.selection[key] === OFF);
      },
    };
  }

  function direction(own) {
    const mine = own ? 'on' : OFF;
    const box = h('span', {});
    const show = segments(box, 'Mask', [{ value: 'on', label: 'causal' }, { value: OFF, label: 'both sides' }], (value) => choose({ causal: value === mine ? null : value }));
    return {
      box: h('div', { class: 'field wide' }, h('span', {}, 'A query sees'), box, h('span', { class: 'note' }, `the model's own: ${own ? 'causal' : 'both sides'}`)),
      update: () => show(store.selection.causal ?? mine),
    };
  }

  // Beside what is changed already there is little room.
  function update() {
    const isLong = changesOf(store.selection).length === 0;
    put(button, isLong ? 'Change the model…' : '+');
    button.className = isLong ? 'link' : 'btn plus';
    button.title = isLong ? '' : 'Change cap, window or mask';
    fields.forEach((field) => field.update());
  }

  return { box, button, update };
}
