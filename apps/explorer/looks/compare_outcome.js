// What A and B come to: next tokens with both probabilities, and the heads whose scores changed most.

import { h, put } from '../../page/dom.js';
import { valueText } from '../../page/draw/format.js';
import { expectedToken, probabilityWords } from '../../page/forecast.js';
import { METRICS } from '../heads/scored.js';

export function createOutcome(page) {
  const { store } = page;
  const box = h('div', { class: 'outcome' });

  const bars = (a, b) => h('span', { class: 'bars' }, [a, b].map((value) => h('span', { class: 'bar' }, h('i', { style: { width: `${100 * value}%` } }))));

  const row = (name, a, b, text) => h('div', { class: 'ab' }, name, bars(a, b), h('span', { class: 'm' }, text(a)), h('b', {}, text(b)));

  function draw(answer) {
    box.hidden = !answer;
    if (!answer) return;
    const { forecast, kl, scores } = answer;
    const next = (forecast ?? []).map((token) => row(expectedToken(store.data.run, token), token.was, token.probability, probabilityWords));
    const link = (head) => h('button', { type: 'button', class: 'link', onclick: () => store.select({ head }) }, head);
    const heads = scores.map(({ head, score, before, after }) => row(h('span', {}, link(head), h('span', { class: 'm' }, ` ${METRICS[score]}`)), before, after, (value) => value.toFixed(2)));
    const heading = (name, about) => h('h3', {}, name, h('span', { class: 'm' }, about));
    put(box,
      forecast ? heading('Next token', kl === null ? 'A | B' : `A | B, KL ${valueText(kl)} nats`) : null, next,
      scores.length ? heading('Head scores', 'largest changes first') : null, heads);
    // No row is cut.
    while (box.scrollHeight > box.clientHeight && box.childElementCount > 1) box.lastElementChild.remove();
  }

  return { box, draw };
}
