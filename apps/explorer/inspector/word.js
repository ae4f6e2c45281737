// A token as it is read: its word, in which the token itself stands out.

import { h } from '../../page/dom.js';

export function wordOf(run, at) {
  const word = run.words[at];
  let [from, to] = [at, at];
  while (from > 0 && run.words[from - 1] === word) from -= 1;
  while (to + 1 < run.words.length && run.words[to + 1] === word) to += 1;
  const indices = Array.from({ length: to - from + 1 }, (_, step) => from + step);
  return h('bdi', { class: 'word' }, indices.map((index) => h(index === at ? 'b' : 'span', { title: run.readable?.[index].title }, textOf(run, index))));
}

const textOf = (run, index) => run.readable?.[index].text ?? run.tokens[index].replace(/^▁(?=.)/, '');

// A sentence of strings, {token} and {strong}.
export const spelled = (run, sentence) => sentence.map((part) => {
  if (typeof part === 'string') return part;
  return part.strong ? h('b', {}, part.strong) : wordOf(run, part.token);
});
