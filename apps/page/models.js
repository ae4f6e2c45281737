// Which model runs: the ones that are offered, any folder or hub id that is typed, and saved traces, which need none.
// What would be loaded, and how large it is, is said before it is.

import { h, put } from './dom.js';
import { attachPopover } from './popover.js';
import { NO_WORD } from './selection.js';
import { uploadTrace } from './upload.js';

// So much is loaded from disk without a question.
const SMALL_BYTES = 1e9;
const LONGEST = 24; // letters of a name; of a folder the end tells more
const shortOf = (name) => (name.length > LONGEST && name.includes('/') ? `…/${name.split('/').filter(Boolean).at(-1)}` : name);
const FRESH = { ...NO_WORD, head: null, off: [] };

export function createModelPicker(page) {
  const { store, runner } = page;
  const button = h('button', { id: 'model', class: 'btn', type: 'button', title: 'Model' });
  const box = h('div', { class: 'models' }, button);
  const { shut } = attachPopover(button, { role: 'dialog', label: 'Model', fill });

  function open(name, said) {
    put(said, 'Looking …');
    page.ask('model', { model: name }).then((about) => {
      if (about.loaded || (!about.download && about.size < SMALL_BYTES)) take({ model: name, trace: null });
      else put(said, `${about.sentence}. `, h('button', { type: 'button', class: 'btn pri sm', onclick: () => take({ model: name, trace: null }) }, about.download ? 'Download and run' : 'Load and run'));
    }, (error) => put(said, error.message));
  }

  function take(patch) {
    shut();
    const { text } = runner.asked();
    const isSame = runner.asked().trace === null && patch.model === runner.asked().model;
    if (!isSame) store.select({ text: patch.trace ? null : store.selection.text ?? (runner.asked().trace ? store.data.run?.text ?? text : null), ...patch, ...FRESH });
  }

  function fill(popover) {
    const said = h('p', { class: 'said', 'aria-live': 'polite' });
    const asked = runner.asked();
    const name = h('input', { type: 'text', 'aria-label': 'Name, folder or hub id', placeholder: 'Name, folder or hub id', spellcheck: 'false', 'data-first': true });
    const form = h('form', { onsubmit: (event) => { event.preventDefault(); if (name.value.trim()) open(name.value.trim(), said); } },
      name, h('button', { class: 'btn sm', type: 'submit' }, 'Use it'));
    const item = (label, isOn, act) => h('button', { type: 'button', class: 'item', 'aria-pressed': String(isOn), onclick: act }, label);
    const models = page.mode().models(page.settings).map((known) => item(known, !asked.trace && known === asked.model, () => open(known, said)));
    put(popover, form, models, said, page.mode().traces ? traces(asked, item, said) : null);
  }

  function traces(asked, item, said) {
    const known = page.mode().traces(page.settings).map((name) => item(name, asked.trace === name, () => take({ trace: name, model: null })));
    const file = h('input', { type: 'file', accept: '.safetensors', hidden: true, onchange: () => {
      put(said, `Opening ${file.files[0].name} …`);
      uploadTrace(file.files[0]).then((trace) => take({ trace, model: null }), (error) => put(said, error.message));
    } });
    return [h('h3', {}, 'Saved traces'), ...known, h('button', { type: 'button', class: 'item', onclick: () => file.click() }, 'Open a trace…'), file];
  }

  return {
    box,
    update(changed) {
      if (!['mode', 'model', 'trace', 'shown', 'text', 'run'].some((key) => changed.has(key))) return;
      const { model, trace } = runner.asked();
      const known = page.mode().traces?.(page.settings) ?? [];
      const name = !trace ? model ?? 'No model' : known.includes(trace) ? trace : 'opened trace';
      button.title = trace ? 'Saved trace' : `Model: ${name}`;
      put(button, h('span', { class: 'name' }, trace ? `trace ${name}` : shortOf(name)), h('span', { class: 'm', 'aria-hidden': 'true' }, '▾'));
      button.setAttribute('aria-label', trace ? `Saved trace ${name}` : `Model ${name}`);
    },
  };
}
