// The lessons, which come first: a list of situations to start from, and the sentence of the one that is open.

import { h, put } from '../../page/dom.js';
import { begun, lessonOf, lessonsOf } from './mask_situation.js';

const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

export function createLessons({ store, settings }) {
  const { lessons } = settings.explore;
  const told = h('p', { class: 'm told' });
  const list = h('div', { class: 'lessons', role: 'radiogroup', 'aria-label': 'Start from', onkeydown: walk });
  const buttons = lessons.map(({ name, title }) => h('button', { type: 'button', role: 'radio', 'data-lesson': name, onclick: () => store.select(begun(name)) }, title));
  put(list, buttons);

  function walk(event) {
    const at = buttons.indexOf(event.target);
    if (!STEPS[event.key] || at < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const shown = buttons.filter((button) => !button.hidden);
    const next = shown[(shown.indexOf(buttons[at]) + STEPS[event.key] + shown.length) % shown.length];
    next.focus();
    next.click();
  }

  return {
    box: h('div', { class: 'lesson' }, h('b', {}, 'Mask lab'), list, told),
    draw(run) {
      const about = lessonsOf(lessons, run).map(({ name }) => name);
      for (const button of buttons) button.hidden = !about.includes(button.dataset.lesson);
      const { name: open, sentence } = lessonOf(lessons, store.selection);
      const isChanged = Object.keys(store.selection.lab).length > 0;
      for (const button of buttons) {
        const on = button.dataset.lesson === open;
        button.setAttribute('aria-checked', String(on));
        button.tabIndex = on ? 0 : -1;
      }
      put(told, sentence, isChanged ? [' ', h('button', { type: 'button', class: 'link', onclick: () => store.select(begun(open)) }, 'Reset')] : null);
    },
  };
}
