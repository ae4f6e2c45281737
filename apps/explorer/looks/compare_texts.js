// Both texts, token by token; what only one of them has stands out, and a click chooses the row.

import { h, put } from '../../page/dom.js';
import { directionOf, groupsOf, lettersOf, windowOf } from '../../page/words.js';
import { placeOf } from '../place.js';

export function createTexts(page) {
  const { store } = page;
  const lines = ['A', 'B'].map((letter) => ({ letter, box: h('div', { class: 'line' }) }));
  const box = h('div', { class: 'texts', hidden: true }, lines.map(({ letter, box: line }) => h('div', {}, h('b', { class: 'letter' }, letter), line)));

  function draw(answer) {
    const { run } = store.data;
    // Two settings of one text have nothing to tell here.
    box.hidden = !answer || [run, answer.run].every(({ tokens }) => tokens.length === answer.positions.length);
    if (box.hidden) return;
    const { query } = placeOf(store);
    const runs = [run, answer.run];
    runs.forEach((one, side) => {
      const shared = new Map(answer.positions.map((both) => [both[side], both[0]]));
      const at = side === 0 ? query : answer.positions.find(([a]) => a === query)?.[1] ?? one.tokens.length - 1;
      line(lines[side].box, one, windowOf(one.tokens.length, at), shared, query);
    });
  }

  // `shared`: position in A of each token that A has as well.
  function line(element, run, range, shared, query) {
    element.dir = directionOf(run.text);
    put(element, groupsOf(run, range).map(({ at, joins }) => h('span', { class: joins ? 'w joins' : 'w', dir: 'auto' }, at.map((index) => {
      const { text, title } = run.readable[index];
      if (!shared.has(index)) return h('mark', { title: `${title}: only here` }, lettersOf(text));
      const row = shared.get(index);
      return h('button', { type: 'button', title: `${index}: ${title}`, 'aria-pressed': row === query, onclick: () => store.select({ query: row, key: null }) }, lettersOf(text));
    }))));
  }

  return { box, draw };
}
