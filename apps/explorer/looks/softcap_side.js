// The right column: what the cap changes. Was and is, next tokens, how far, how much is saturated, and the final cap.

import { expectedToken, probabilityWords, rowsOf } from '../../page/forecast.js';
import { h, put } from '../../page/dom.js';
import { valueText } from '../../page/draw/format.js';
import { changesOf, phrase } from '../changes/words.js';
import { placeOf } from '../place.js';
import { capName, sentenceOf, stopOf, stopsOf } from './softcap_words.js';

const FINAL = [2, 5, 10];

export function createCapSide(page, box) {
  const { store } = page;
  const [name, hero, say, list, facts, shares, final] = ['span', 'p', 'p', 'div', 'div', 'div', 'select'].map((tag) => h(tag));
  Object.assign(name, { className: 'm' });
  Object.assign(hero, { className: 'hero t32' });
  Object.assign(say, { className: 'say' });
  final.addEventListener('change', () => store.select({ finalCap: final.value || null }));
  final.setAttribute('aria-label', 'Cap of the final logits');
  const was = h('span', { class: 'm' });
  const of = h('p', { class: 'm' });
  const finalRow = h('label', { class: 'final' }, h('b', {}, 'Final cap'), h('span', { class: 'm' }, 'of the next token'), h('span', { class: 'grow' }), final);
  put(box,
    h('h2', {}, 'What the cap changes', name), hero, say,
    h('div', { class: 'sec' }, h('h2', {}, 'Next token', was), list), facts,
    h('div', { class: 'sec' }, h('h2', {}, 'Saturated', h('span', { class: 'm' }, '|logit| larger than the cap')), shares, of),
    h('div', { class: 'sec' }, finalRow));

  function bar({ token, now, was: before }) {
    return h('div', { class: 'nt' }, h('span', { class: 'tk' }, expectedToken(store.data.run, token)),
      h('span', { class: 'track' }, before === null ? null : h('i', { class: 'was', style: { width: `${100 * before}%` } }), h('i', { class: 'now', style: { width: `${100 * now}%` } })),
      h('span', { class: 'nn' }, h('b', {}, probabilityWords(now)), before === null ? null : h('span', { class: 'm' }, `was ${probabilityWords(before)}`)));
  }

  function drawHero(rows, pair) {
    const [first] = rows;
    hero.hidden = !first;
    if (!first) return;
    put(hero, pair ? [h('span', { class: 'past' }, `${probabilityWords(first.was)} → `), probabilityWords(first.now)] : probabilityWords(first.now));
  }

  function draw({ answer, own, finalOwn }) {
    const { run, pair } = store.data;
    const { selection } = store;
    const rows = rowsOf(run, pair).slice(0, 5);
    put(name, selection.cap === null ? `${capName(own)}, as trained` : capName(selection.cap));
    drawHero(rows, pair);
    put(say, sentenceOf({ run, pair, change: phrase(selection), own }).map((part) => (part.token ? h('b', {}, expectedToken(run, part.token)) : part.strong ? h('b', {}, part.strong) : part)));
    if (changesOf(selection).length && !pair) put(say, `Running with ${phrase(selection)}…`);
    list.parentElement.hidden = !rows.length;
    put(was, pair ? 'was → is' : '');
    put(list, rows.map(bar));
    const { layer, head } = placeOf(store);
    put(facts, fact(pair ? (pair.kl === null ? '–' : valueText(pair.kl)) : '0', 'nats, KL of what comes next'), fact(valueText(pair?.largest?.[layer]?.[head] ?? 0), 'largest change of a probability here'));
    facts.className = 'sec facts-of';
    drawShares(answer, own);
    drawFinal(finalOwn);
  }

  const fact = (number, words) => h('p', {}, h('b', { class: 't20' }, number), h('span', { class: 'm' }, words));

  function drawShares(answer, own) {
    if (!answer) return put(shares);
    const now = store.selection.cap === null ? own : Number.parseFloat(store.selection.cap);
    put(of, `Share of all ${answer.logits.toLocaleString('en')} visible logits before the change.`);
    return put(shares, answer.beyond.map(([cap, share]) => h(
      'button', { type: 'button', class: cap === now ? 'sh on' : 'sh', onclick: () => store.select({ cap: cap === own ? null : String(cap) }) },
      h('span', {}, `cap ${cap}`), h('span', { class: 'track' }, h('i', { style: { width: `${100 * share}%` } })), h('span', { class: 'number' }, `${(100 * share).toFixed(share >= 0.1 ? 1 : 2)} %`),
    )));
  }

  // Of a model that predicts tokens.
  function drawFinal(finalOwn) {
    finalRow.parentElement.hidden = !store.data.run.forecast;
    const stops = stopsOf(finalOwn, store.selection.finalCap).filter(({ label, cap }) => cap === null || label === 'off' || FINAL.includes(Number(label)) || cap === store.selection.finalCap);
    put(final, stops.map(({ label, cap }) => h('option', { value: cap ?? '' }, cap === null ? `${label}, as trained` : label)));
    final.value = stops[stopOf(stops, store.selection.finalCap)].cap ?? '';
  }

  return { draw };
}
