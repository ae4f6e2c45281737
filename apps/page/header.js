// The header: text, example, model, Run, what is exact, modes.

import { h, put, segments } from './dom.js';
import { toggleTheme } from './theme.js';

export function createHeader(page) {
  const { store } = page;
  const text = h('input', { id: 'text', 'aria-label': 'Text', placeholder: 'A text; Enter runs it', onkeydown: enter });
  const model = h('select', { id: 'model', 'aria-label': 'Model', onchange: () => store.select({ model: model.value }) });
  const run = h('button', { id: 'run', class: 'btn pri', type: 'button', onclick: press }, 'Run');
  const status = h('span', { id: 'status', role: 'status' });
  const modes = h('div', {});
  const showMode = segments(modes, 'Mode', page.modes.map(({ name, title }) => ({ value: name, label: title })), (mode) => store.select({ mode }));
  const theme = h('button', { class: 'icon', type: 'button', 'aria-label': 'Light or dark', onclick: toggleTheme }, '◐');
  const box = h('header', { id: 'top' }, h('b', { class: 'brand' }, 'Gemma 2 workbench'), text, model, run, status, modes, theme);

  function enter(event) {
    if (event.key === 'Enter') press();
  }

  function press() {
    if (store.data.busy) return page.runner.cancel();
    if (text.value === (store.selection.text ?? page.mode().examples[0].text)) return page.runner.run();
    return store.select({ text: text.value });
  }

  return {
    box,
    update(changed) {
      const { selection, data } = store;
      if (changed.has('text') || changed.has('mode')) text.value = selection.text ?? page.mode().examples[0].text;
      if (changed.has('mode')) put(model, page.mode().models(page.settings).map((name) => h('option', { value: name }, name)));
      if (selection.model) model.value = selection.model;
      showMode(selection.mode);
      put(run, data.busy ? 'Cancel' : 'Run');
      const exact = data.run?.exact ? 'exact' : 'not compared';
      put(status, data.error ?? (data.busy ? `${data.busy.what} ${data.busy.done}/${data.busy.of}` : data.run ? exact : ''));
    },
  };
}
