// The text, edited in place: one line at rest, as many as it has while it is edited. Enter runs it; where a run is fast
// it runs as one types.

import { h } from './dom.js';
import { attachMenu } from './popover.js';
import { NO_WORD } from './selection.js';

// Another text starts at its own head and row only where it is another example; an edited one keeps the head.
const FRESH = { ...NO_WORD, head: null };

export function createTextBox(page) {
  const { store, runner } = page;
  const sizesItself = CSS.supports('field-sizing', 'content');
  const field = h('textarea', {
    id: 'text', rows: '1', 'aria-label': 'Text', spellcheck: 'false', autocomplete: 'off',
    placeholder: 'Type a text: Enter runs it, Shift+Enter starts a new line',
    title: 'Enter, or Ctrl+Enter, runs it; Shift+Enter starts a new line; Alt+↓ opens the examples',
    oninput: typed, onkeydown: press, onfocus: fit, onblur: fit,
  });
  // As of a combobox: the pointer's way; by keyboard the text opens it.
  const button = h('button', { type: 'button', class: 'examples', tabindex: '-1' }, 'Examples');
  const box = h('div', { class: 'textbox' }, field, button);
  const examples = attachMenu(button, 'Examples', () => page.mode().examples.map(({ name, text }) => ({
    label: name, about: text, isOn: field.value === text, act: () => choose(text),
  })), { side: 'right' });
  let isEdited = false; // since it was run last

  function choose(text) {
    runner.soon(null);
    field.value = text;
    isEdited = false;
    store.publish({ edited: false });
    store.select({ text, trace: null, ...FRESH, off: [] });
    fit();
  }

  function typed() {
    isEdited = true;
    fit();
    if (runner.isFast && field.value) runner.soon(() => submit(false));
    if (isEdited) store.publish({ edited: field.value !== shownText() }); // it waits
  }

  // The first change can be undone with Back, the letters after it are the same step.
  function submit(push) {
    runner.soon(null);
    const text = field.value;
    isEdited = false;
    store.publish({ edited: false });
    if (text === runner.asked().text && !store.selection.trace) {
      if (push || store.data.stale) runner.run();
    } else store.select({ text, ...modelOfTrace(), trace: null, ...NO_WORD }, { push: push || store.selection.text === null });
  }

  // A text that is typed over a saved trace goes through the trace's model.
  function modelOfTrace() {
    return runner.asked().trace && store.data.run ? { model: store.data.run.model } : {};
  }

  function press(event) {
    event.stopPropagation();
    if (event.key === 'Escape') field.blur();
    if (event.key === 'ArrowDown' && event.altKey) {
      event.preventDefault();
      examples.open();
    }
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit(true);
  }

  function shownText() {
    const { data } = store;
    return data.shown?.trace && data.run ? data.run.text : runner.asked().text;
  }

  // As high as its lines while it has the focus; the popover grows over what is below it.
  function fit() {
    const isOpen = document.activeElement === field && (field.value.includes('\n') || field.scrollWidth > field.clientWidth + 1 || box.classList.contains('open'));
    box.classList.toggle('open', isOpen);
    if (!sizesItself) field.style.height = '';
    if (!sizesItself && isOpen) field.style.height = `${field.scrollHeight + 2}px`;
    if (!isOpen) field.scrollTo(0, 0);
  }

  return {
    box, submit: () => submit(true),
    update(changed) {
      const isElsewhere = ['text', 'mode', 'trace'].some((key) => changed.has(key)); // as after Back
      if (!isElsewhere && (isEdited || !changed.has('shown'))) return;
      const text = shownText();
      if (field.value !== text) {
        field.value = text;
        fit();
      }
      isEdited = false;
      button.textContent = page.mode().examples.find((example) => example.text === text)?.name ?? 'Examples';
    },
  };
}
