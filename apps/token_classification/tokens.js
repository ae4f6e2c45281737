// Gradients of tokens, which are parts of words: they stand by themselves, without brackets.

import { h } from '../page/dom.js';
import { signed } from './numbers.js';
import { numbered, stepOf } from './paint.js';

// The words of [[piece, value], ...], each in its tokens; `table` is of colours.
export function tokenGroups(tokens, { css, ink }) {
  const values = tokens.map(([, value]) => value);
  const most = Math.max(...values.map(Math.abs));
  const numbers = numbered(values);
  const groups = [];
  tokens.forEach(([text, value], at) => {
    const step = stepOf(value, most, 'diverging');
    const look = step === null ? {} : { background: css[step], color: ink[step] };
    const piece = h('span', { class: 'tok', title: signed(value), style: look },
      h('bdi', {}, text.replace(/^▁(?=.)/, '').replace(/^▁$/, '␣')), numbers.has(at) ? h('em', {}, signed(value)) : null);
    if (at > 1 && !text.startsWith('▁')) groups.at(-1).push(piece);
    else groups.push([piece]);
  });
  return groups.map((together) => h('span', { class: 'e glued' }, together));
}
