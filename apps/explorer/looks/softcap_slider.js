// The cap as a slider that stops at some caps, directly under the curve.

import { h, put } from '../../page/dom.js';
import { stopOf, stopsOf } from './softcap_words.js';

export function createCapSlider(choose) {
  const range = h('input', { type: 'range', min: '0', step: '1', 'aria-label': 'Cap of the attention logits', oninput: () => choose(stops[range.valueAsNumber].cap) });
  const track = h('div', { class: 'track', 'aria-hidden': 'true' });
  const box = h('div', { class: 'cap-slider' }, h('b', {}, 'Cap'), h('div', { class: 'stops' }, track, range));
  let stops = [];
  let drawn = '';

  // `own` is the model's cap, null for none; `chosen` as the address has it.
  function draw(own, chosen) {
    stops = stopsOf(own, chosen);
    const at = stopOf(stops, chosen);
    const key = JSON.stringify(stops);
    const place = (index) => `${(100 * index) / (stops.length - 1)}%`;
    if (key !== drawn) put(track, stops.map(({ label, cap }, index) => h('button', { type: 'button', tabindex: '-1', style: { left: place(index) }, onclick: () => choose(stops[index].cap) }, h('i'), h('span', {}, label, cap === null ? h('small', {}, 'own') : null))));
    drawn = key;
    range.max = String(stops.length - 1);
    range.value = String(at);
    range.setAttribute('aria-valuetext', `${stops[at].label}${stops[at].cap === null ? ', the model’s own' : ''}`);
    [...track.children].forEach((stop, index) => stop.classList.toggle('on', index === at));
  }

  const step = (by) => {
    const next = range.valueAsNumber + by;
    if (next >= 0 && next < stops.length) choose(stops[next].cap);
  };
  return { box, draw, step };
}
