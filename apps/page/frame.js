// The frame: header, strip, the columns of the mode that is open, footer. It holds the one state of the page, runs the
// text when it changes, and tells every part what has changed.

import { ask } from './ask.js';
import { h, put } from './dom.js';
import { createFooter } from './footer.js';
import { createHeader } from './header.js';
import { createHelp } from './help.js';
import { bindKeys } from './keys.js';
import { knowLayers } from './layer_glyph.js';
import { whenSettled } from './pending.js';
import { createPresentation } from './present.js';
import { createRunner } from './running.js';
import { createStore } from './store.js';
import { createStrip } from './strip.js';
import { restoreTheme } from './theme.js';

const FADE_MS = 400;

// A mode: {name, title, examples: [{name, text}], models(settings), traces(settings) where it shows saved ones, looks:
// [{name, title}], hasStrip: false where it has no tokens above it, mount(page, box), run(page, {text, model, trace},
// {signal, progress}), hints: [[key, ..., what it does]], keys: {key: (page, event) => ...}, savable(store, settings): what
// can be saved, words: [[name, what it is]] for the help, shows: the key of the data that its parts need, `run` by
// default}; `mount` returns its parts' `update(changed)`.
// Page, as every part gets it: {settings, store, ask, modes, mode(), runner, say(sentence), help(), root(), slots}; a mode
// may use the slots of the frame: `changes`, an element of the strip.
export function createFrame(element, settings, modes) {
  restoreTheme();
  knowLayers(settings.layers);
  const store = createStore(window.location, window.history);
  const byName = Object.fromEntries(modes.map((mode) => [mode.name, mode]));
  if (!new URLSearchParams(window.location.search).has('mode') && settings.mode !== store.selection.mode && !store.selection.text) {
    store.select({ mode: settings.mode }, { write: false });
  }
  const root = h('div', { id: 'page' });
  const page = { settings, store, ask, modes, slots: {}, mode: () => byName[store.selection.mode], root: () => root };
  page.runner = createRunner(page);
  page.help = createHelp(page);

  const live = h('div', { class: 'live', 'aria-live': 'polite' });
  page.say = (sentence) => put(live, sentence);
  const skip = h('a', { class: 'skip', href: '#map', onclick: skipToMap }, 'Skip to the map');
  const main = h('main', { id: 'main' });
  const story = createPresentation(page);
  const parts = [createHeader(page), createStrip(page), story];
  const columns = modes.map((mode) => {
    const box = h('div', { class: 'columns', 'data-mode': mode.name });
    main.append(box);
    return { box, mode, part: mode.mount(page, box) };
  });
  main.append(story.box);
  const footer = createFooter(page);
  put(root, skip, parts[0].box, parts[1].box, main, footer.box, live);
  put(element, root);
  // For the styles of what is around the page: with `body:has(#page)` every change of an element would restyle the page.
  document.body.classList.add('workbench');

  function skipToMap(event) {
    event.preventDefault();
    (main.querySelector('.columns:not([hidden]) canvas[tabindex]') ?? main.querySelector('.columns:not([hidden]) section'))?.focus();
  }

  // What is shown of the text before fades, unless the run is over soon: to begin a transition and to take it back costs
  // two frames.
  let fading = 0;
  function fade({ stale, edited, busy }) {
    clearTimeout(fading);
    const wait = stale && busy && !edited ? busy.since + FADE_MS - performance.now() : 0;
    const show = (isOn) => root.classList.toggle('stale', isOn);
    if (wait > 0) fading = setTimeout(() => show(true), wait);
    else show(Boolean(stale || edited));
  }

  function update(changed) {
    const { mode, look, present } = store.selection;
    Object.assign(root.dataset, { mode, look, state: stateOf(store.data, page.mode()) });
    root.classList.toggle('present', present);
    fade(store.data);
    for (const part of parts) part.update(changed);
    for (const { box, mode: { name }, part } of columns) {
      box.hidden = name !== mode;
      // A mode that was hidden draws everything when it is shown.
      if (name === mode) part.update(changed.has('mode') ? null : changed);
    }
    footer.update(changed);
    page.runner.update();
  }

  whenSettled((isSettled) => { root.dataset.settled = isSettled; });
  store.listen(update);
  window.addEventListener('popstate', store.restore);
  new MutationObserver(() => update(new Set(['theme']))).observe(document.body, { attributeFilter: ['class'] });
  new ResizeObserver(() => update(new Set(['size']))).observe(root);
  bindKeys(page);
  update(new Set(['mode', ...Object.keys(store.selection)]));
  // To read, for tests and for whoever is curious.
  window.workbench = Object.freeze({ get selection() { return store.selection; }, get data() { return store.data; } });
  return page;
}

const stateOf = ({ busy, error, ...data }, { shows = 'run' }) => (busy ? 'busy' : error ? 'failed' : data[shows] ? 'ready' : 'empty');
