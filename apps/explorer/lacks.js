// What a model cannot show, in place of the look that would show it: the reason, and the way back.

import { h, put } from '../page/dom.js';

export function createLack(page) {
  const [title, reason] = [h('h2', { class: 't20' }), h('p', { class: 't16' })];
  const back = h('button', { type: 'button', class: 'btn', onclick: () => page.store.select({ look: 'attention' }) }, 'Back to attention');
  const box = h('div', { class: 'lack', hidden: true }, title, reason, back);
  return {
    box,
    // Whether the look is lacking, which is then said.
    draw(look, run) {
      const why = run?.lacks?.[look.name];
      box.hidden = !why;
      if (why) {
        put(title, `${look.title} cannot be shown`);
        put(reason, why);
      }
      return Boolean(why);
    },
  };
}
