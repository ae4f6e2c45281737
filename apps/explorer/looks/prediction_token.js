// A token that a layer says, and sentences with such tokens.

import { h } from '../../page/dom.js';
import { isMark, lettersOf } from '../../page/words.js';

// As a word, boxed where it is none.
export function tokenWord({ text, title }, tag = 'span') {
  const isBoxed = isMark(text) || !/[\p{L}\p{N}]/u.test(text);
  return h(tag, { class: isBoxed ? 'tk pt' : 'tk', title, dir: 'auto' }, lettersOf(text));
}

// Elements of a sentence: strings, {token}, {number}.
export const spelled = (words) => words.map((word) => (word.token ? tokenWord(word.token, 'b') : word.number ? h('b', {}, word.number) : word));

// The token that was read at a position, for a heading.
export function readWord({ readable }, at) {
  const { text, title } = readable[at];
  return lettersOf(text || title);
}
