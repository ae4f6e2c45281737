// The frame: header, strip, the columns of the mode that is open, footer. It holds the one state of the page, runs the
// text when it changes, and tells every part what has changed.

import { ask } from './ask.js';
import { h, put } from './dom.js';
import { createFooter } from './footer.js';
import { createHeader } from './header.js';
import { bindKeys } from './keys.js';
import { createRunner } from './running.js';
import { createStore } from './store.js';
import { createStrip } from './strip.js';
import { restoreTheme } from './theme.js';

// A mode: {name, title, examples: [{name, text, model}], models(settings), mount(page, box), run(page, {signal, progress}),
// hints: [[key, ..., what it does]], keys: {key: (page, event) => ...}}; `mount` returns its parts' `update(changed)`.
// Page, as every part gets it: {settings, store, ask, modes, mode(), runner, say(sentence), slots: {changes}}; a mode may
// fill the slots of the frame.
export function createFrame(element, settings, modes) {
  restoreTheme();
  const store = createStore(window.location, window.history);
  const byName = Object.fromEntries(modes.map((mode) => [mode.name, mode]));
  if (!new URLSearchParams(window.location.search).has('mode')) store.select({ mode: settings.mode }, { write: false });
  const page = { settings, store, ask, modes, slots: {}, mode: () => byName[store.selection.mode] };
  page.runner = createRunner(page);

  const live = h('div', { class: 'live', 'aria-live': 'polite' });
  page.say = (sentence) => put(live, sentence);
  const skip = h('a', { class: 'skip', href: '#map' }, 'Skip to the map');
  const main = h('main', { id: 'main' });
  const parts = [createHeader(page), createStrip(page)];
  const footer = createFooter(page);
  const columns = modes.map((mode) => {
    const box = h('div', { class: 'columns', 'data-mode': mode.name });
    main.append(box);
    return { box, mode, part: mode.mount(page, box) };
  });
  const root = h('div', { id: 'page' }, skip, ...parts.map(({ box }) => box), main, footer.box, live);
  put(element, root);

  function update(changed) {
    const { mode } = store.selection;
    root.dataset.mode = mode;
    root.dataset.look = store.selection.look;
    for (const part of parts) part.update(changed);
    for (const { box, mode: { name }, part } of columns) {
      box.hidden = name !== mode;
      // A mode that was hidden draws everything when it is shown.
      if (name === mode) part.update(changed.has('mode') ? null : changed);
    }
    footer.update(changed);
    page.runner.update(changed);
  }

  store.listen(update);
  window.addEventListener('popstate', store.restore);
  new MutationObserver(() => update(new Set(['theme']))).observe(document.body, { attributeFilter: ['class'] });
  new ResizeObserver(() => update(new Set(['size']))).observe(root);
  bindKeys(page);
  update(new Set(['mode', ...Object.keys(store.selection)]));
  return page;
}
