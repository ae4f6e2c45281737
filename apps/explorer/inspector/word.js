// A token as it is read: its word, in which the token itself stands out.

import { h } from '../../page/dom.js';
import { SINK } from '../../page/selection.js';
import { within } from '../../page/draw/words.js';
import { lettersOf } from '../../page/words.js';

export function wordOf(run, at) {
  if (at === SINK) return h('span', { class: 'm', title: 'A learned logit of this head: it takes a share of every row, and is no token' }, 'sink');
  const { words, readable } = run;
  let [from, to, lead] = [at, at, at];
  while (from > 0 && words[from - 1] === words[at]) from -= 1;
  while (to + 1 < words.length && words[to + 1] === words[at]) to += 1;
  // A further byte of a character stands with its first one.
  while (lead > from && readable[lead].text === '') lead -= 1;
  const indices = Array.from({ length: to - from + 1 }, (_, step) => from + step);
  const spell = (index) => (index === lead || index === from ? lettersOf(readable[index].text) : within(readable[index].text));
  return h('bdi', { class: 'word' }, indices.map((index) => h(index === lead ? 'b' : 'span', { title: readable[index].title }, spell(index))));
}

// A sentence of strings, {token} and {strong}.
export const spelled = (run, sentence) => sentence.map((part) => {
  if (typeof part === 'string') return part;
  return part.strong ? h('b', {}, part.strong) : wordOf(run, part.token);
});
