// A token within its word: the other tokens of the word are faint.

import { h } from '../../page/dom.js';
import { piecesOf, within } from '../../page/draw/words.js';

export function nameOf({ run, units }, index) {
  if (units.unit === 'words') return h('b', {}, h('bdi', {}, units.name(index)));
  const pieces = piecesOf(run);
  const { from, to } = units.word(index);
  return h('bdi', { class: 'token' }, pieces.slice(from, to).map(({ text }, at) => (from + at === index ? h('b', {}, text) : h('span', {}, at ? within(text) : text))));
}
