// The next token: the five likeliest, and where something is changed what each was before.

import { h, put } from './dom.js';
import { tween } from './tween.js';
import { beginningOf, endingOf, isMark } from './words.js';

// "0.903", "0.023", "0.0079", "<0.0001"
export function probabilityWords(value) {
  if (value > 0 && value < 0.00005) return '<0.0001';
  return value < 0.01 ? value.toFixed(4) : value.toFixed(3);
}

// A token that is expected: as a word or its beginning, as the end of the last word, or boxed where it is neither.
export function expectedToken(run, token) {
  const beginning = beginningOf(run.readable, token);
  const ending = endingOf(run, token);
  const isBoxed = isMark(token.text) || !/[\p{L}\p{N}]/u.test(token.text);
  const short = beginning.length > 8 ? `…${beginning.slice(-6)}` : beginning;
  return h('span', { class: isBoxed ? 'tk pt' : 'tk', title: token.title, dir: 'auto' }, short ? h('span', { class: 'm' }, short) : null, token.text, ending ? h('span', { class: 'm' }, ending) : null);
}

// The rows to draw: {token, now, was}; `was` is null while nothing is changed.
export function rowsOf(run, pair) {
  if (pair?.forecast) return pair.forecast.map(({ was, probability, ...token }) => ({ token, now: probability, was }));
  return (run.forecast ?? []).map(({ probability, ...token }) => ({ token, now: probability, was: null }));
}

export function createForecast(page) {
  const { store } = page;
  const label = h('div', { class: 'fl' });
  const list = h('div', { class: 'fcs' });
  const box = h('div', { id: 'forecast', role: 'group', 'aria-label': 'Next token' }, label, list);
  let before = new Map(); // probability that stands there, by token
  let stops = [];

  function row({ token, now, was }) {
    const bar = h('i', { class: 'now' });
    const ghost = was === null ? null : h('i', { class: 'was', style: { height: `${100 * was}%` } });
    const number = h('span', { class: 'n' });
    const from = before.get(token.token) ?? was ?? now;
    stops.push(tween(from, now, (value) => {
      bar.style.height = `${100 * value}%`;
      number.textContent = probabilityWords(value);
    }));
    return h('div', { class: 'fc' }, h('span', { class: 'bars', 'aria-hidden': 'true' }, ghost, bar),
      h('span', { class: 'tx' }, expectedToken(store.data.run, token), number, was === null ? null : h('span', { class: 'm' }, `was ${probabilityWords(was)}`)));
  }

  function draw() {
    const { run, pair } = store.data;
    const rows = rowsOf(run, pair).slice(0, 5);
    stops.forEach((stop) => stop());
    stops = [];
    box.hidden = rows.length === 0;
    const last = run.readable.findLast(({ text }) => text !== '');
    const isChanged = rows.some(({ was }) => was !== null);
    put(label, h('span', {}, 'Next token'), h('b', {}, isChanged ? 'was → is' : `after “${wordBefore(run) || last?.text || ''}”`));
    put(list, rows.map(row));
    before = new Map(rows.map(({ token, now }) => [token.token, now]));
    if (isChanged) page.say(`Next token: ${rows.map(({ token, now, was }) => `${token.text} was ${probabilityWords(was)}, is ${probabilityWords(now)}`).join('; ')}`);
  }

  return {
    box,
    update(changed) {
      if (changed.has('run')) before = new Map();
      if (changed.has('run') || changed.has('pair')) draw();
    },
  };
}

// The last word of the text, as far as a label has room.
function wordBefore(run) {
  const word = beginningOf(run.readable, { joins: true, text: 'a' });
  return word.length > 10 ? `…${word.slice(-9)}` : word;
}
