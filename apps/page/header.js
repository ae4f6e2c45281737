// The header: text, model, Run, whether the numbers are exact, modes, and what concerns the page.

import { h, icon } from './dom.js';
import { createModelPicker } from './models.js';
import { attachMenu } from './popover.js';
import { createStatus } from './status.js';
import { createTextBox } from './textbox.js';
import { toggleTheme } from './theme.js';
import { createToolbar } from './toolbar.js';

const BRAND = 'M1 1h5v5H1zM1 7.5h5v5H1zM7.5 7.5h5v5h-5zM1 14h5v5H1zM7.5 14h5v5h-5zM14 14h5v5h-5z';
const PRESENT = ['M2 3.5h16M3.5 3.5v9.5h13V3.5M10 13v3M6.5 18l3.5-2 3.5 2'];
const THEME = ['M10 3.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13', 'M10 3.5v13M12 4.2v11.6M14 5v10M15.5 6.6v6.8'];
const HELP = ['M10 2.5a7.5 7.5 0 1 0 0 15a7.5 7.5 0 1 0 0-15', 'M7.8 8a2.2 2.2 0 1 1 3.1 2c-.7.3-.9.7-.9 1.4M10 14v.1'];
// Run becomes Cancel where there is time to press it.
const CANCEL_MS = 200;

export function createHeader(page) {
  const { store } = page;
  const [text, model, status] = [createTextBox(page), createModelPicker(page), createStatus(page)];
  const run = h('button', { id: 'run', class: 'btn pri', type: 'button', onclick: press }, 'Run');
  const modes = createModes(page);
  const button = (label, title, paths, act) => h('button', { class: 'icon', type: 'button', title, 'aria-label': label, onclick: act }, icon(...paths));
  const tools = h('div', { class: 'tools' }, model.box, run, status.status, modes.box,
    button('Present', 'Present (P)', PRESENT, () => store.select({ present: true })),
    button('Light or dark', 'Light or dark', THEME, toggleTheme),
    button('Help', 'Help (?)', HELP, () => page.help()));
  const toolbar = createToolbar(tools, 'Run, modes and page');
  const brand = h('div', { class: 'brand' }, icon(BRAND), h('span', {}, 'Gemma 2 workbench'));
  let timer = 0;

  function press() {
    if (run.dataset.does === 'cancel') page.runner.cancel();
    else text.submit();
  }

  function label() {
    const isLong = store.data.busy && performance.now() - store.data.busy.since >= CANCEL_MS;
    clearTimeout(timer);
    if (store.data.busy && !isLong) timer = setTimeout(label, CANCEL_MS);
    run.dataset.does = isLong ? 'cancel' : 'run';
    run.textContent = isLong ? 'Cancel' : 'Run';
    run.title = isLong ? 'Break this run off' : 'Enter, or Ctrl+Enter';
  }

  return {
    box: h('header', { id: 'top' }, brand, text.box, tools, status.track, status.notice),
    update(changed) {
      for (const part of [text, model, status, modes, toolbar]) part.update(changed);
      if (changed.has('busy')) label();
    },
  };
}

// Explore and Classify; the open one has a menu of what it can show, where that is more than one thing.
function createModes(page) {
  const { store } = page;
  const kept = {}; // text, model and trace of the modes that are not open
  const box = h('div', { class: 'seg modes', role: 'group', 'aria-label': 'Mode' });
  const buttons = page.modes.map(({ name, title, looks = [] }) => {
    const button = h('button', { type: 'button', 'data-mode': name, onclick: () => press(name) }, title);
    if (looks.length > 1) {
      const more = h('button', { type: 'button', class: 'more', 'aria-label': 'Look at', title: 'Look at …' }, '▾');
      box.append(h('span', { class: 'menu' }, button, more));
      attachMenu(more, 'Look at', () => looks.map((look) => ({
        label: look.title, isOn: store.selection.mode === name && store.selection.look === look.name,
        act: () => { go(name); store.select({ look: look.name, ...look.opens?.(store) }); },
      })), { side: 'right' });
    } else box.append(button);
    return { name, title, looks, button };
  });

  // The mode that is open already has nothing else to do than to show its menu.
  function press(name) {
    const { mode, look } = store.selection;
    if (name === mode && look === 'attention') box.querySelector('.more')?.click();
    else go(name);
  }

  function go(name) {
    const { mode, text, model, trace } = store.selection;
    if (name === mode) return store.select({ look: 'attention' });
    kept[mode] = { text, model, trace };
    return store.select({ mode: name, ...(kept[name] ?? { text: null, model: null, trace: null }) });
  }

  return {
    box,
    update(changed) {
      if (!changed.has('mode') && !changed.has('look')) return;
      const { mode, look } = store.selection;
      for (const { name, title, looks, button } of buttons) {
        const shown = name === mode && look !== 'attention' ? looks.find((each) => each.name === look)?.title : null;
        button.textContent = shown ?? title;
        button.setAttribute('aria-pressed', String(name === mode));
      }
    },
  };
}
