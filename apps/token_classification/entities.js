// The entities of the text, the least sure first; of plain classes the words.

import { h, put } from '../page/dom.js';
import { listed } from './claims.js';
import { probability } from './numbers.js';
import { bar, heading, spelled, tag } from './parts.js';
import { listOf, placeOf } from './place.js';

const MOST = 200;
const MOST_TYPES = 12;

export function createEntities(page, box) {
  const { store } = page;
  const title = h('div', {});
  const filters = h('div', { class: 'filters', role: 'group', 'aria-label': 'Only of one type' });
  const list = h('div', { class: 'ents' });
  box.append(title, filters, list);

  function drawTitle(place, { every }) {
    const { labels } = place;
    const many = labels.sentences.length;
    const where = many === 1 ? 'in 1 sentence' : `in ${many.toLocaleString('en')} sentences`;
    if (place.isWhole) return put(title, heading('Label of the text', `${labels.words.length} words`));
    return put(title, heading(labels.tagged ? 'Entities' : 'Words', `${every.length.toLocaleString('en')} ${where}`, h('span', { class: 'grow' }), h('span', { class: 'm', title: 'By the margin over the next label' }, 'least sure first')));
  }

  function drawFilters({ every }) {
    const types = [...new Set(every.map(({ label }) => label))].slice(0, MOST_TYPES);
    filters.hidden = types.length < 2;
    put(filters, [null, ...types].map((type) => h('button', {
      type: 'button', 'aria-pressed': String(store.selection.type === type), onclick: () => store.select({ type }),
    }, type ?? 'All')));
  }

  function row(entry, place) {
    const isOn = entry.first <= place.word && place.word < entry.stop;
    const answer = store.data.because?.[entry.first];
    const why = answer ? listed(answer) : null;
    return h('button', {
      type: 'button', class: 'ent', 'aria-pressed': String(isOn), 'data-first': entry.first,
      onclick: () => choose(page, entry.first),
    }, tag(entry.label, isOn), h('b', { dir: 'auto' }, entry.text), bar(entry.margin), h('span', { class: 'n', title: 'Its probability minus that of the next best label' }, probability(entry.margin)),
    place.labels.tagged ? h('span', { class: 'd' }, why ? spelled(why) : '…') : null);
  }

  function draw() {
    const place = placeOf(store);
    const known = listOf(place, store.selection.type, MOST);
    drawTitle(place, known);
    drawFilters(known);
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset.first : null;
    const scrolled = list.scrollTop;
    const none = place.isWhole ? 'The classifier labels the text as a whole: the middle says why.' : known.every.length ? null : 'The model finds no entity here. Click a word to see why not.';
    put(list, none ? h('p', { class: 'm none' }, none) : null, known.shown.map((entry) => row(entry, place)),
      known.count > known.shown.length ? h('p', { class: 'm none' }, `and ${(known.count - known.shown.length).toLocaleString('en')} that are surer`) : null);
    list.append(...place.labels.remarks.map((remark) => h('p', { class: 'm none' }, `Note: ${remark}.`)));
    list.scrollTop = scrolled;
    if (focused !== null) list.querySelector(`[data-first="${focused}"]`)?.focus();
  }

  return {
    update(changed) {
      if (!changed || ['labels', 'word', 'type', 'because'].some((key) => changed.has(key))) draw();
      if (changed?.has('word')) list.querySelector('[aria-pressed="true"]')?.scrollIntoView({ block: 'nearest' });
    },
  };
}

export const choose = (page, word) => page.store.select({ word, why: null, rather: null, edit: null });

// The next or the one before in the list.
export function step(page, by) {
  const { store } = page;
  if (!store.data.labels) return;
  const place = placeOf(store);
  const { shown } = listOf(place, store.selection.type, MOST);
  if (!shown.length) return;
  const at = shown.findIndex(({ first, stop }) => first <= place.word && place.word < stop);
  choose(page, shown[Math.max(0, Math.min(shown.length - 1, at + by))].first);
}
