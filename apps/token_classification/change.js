// Change a word: what stands there, other words in its place, and what becomes of the label that is asked about.

import { h, put } from '../page/dom.js';
import { probability } from './numbers.js';
import { bar, tag } from './parts.js';
import { cut, placeOf, saidAt } from './place.js';
import { changedWord } from './variant.js';

export function createChange(page, box) {
  const { store } = page;
  const field = h('input', { 'aria-label': 'Another word', spellcheck: 'false', autocomplete: 'off', onkeydown: (event) => {
    if (event.key === 'Enter') { event.preventDefault(); take(field.value.trim()); }
    if (event.key === 'Escape') field.blur();
  } });
  const what = h('span', { class: 'm' });
  const state = h('span', { class: 'state' });
  const rows = h('div', { class: 'swaps', role: 'group', 'aria-label': 'Words that were tried' });
  box.append(h('div', { class: 'line' }, h('h2', {}, 'Change a word'), h('span', { class: 'ed' }, field, h('button', { type: 'button', title: 'Enter', 'aria-label': 'Put it in', onclick: () => take(field.value.trim()) }, '↵')), what, h('span', { class: 'grow' }), state), rows);

  const at = () => changedWord(placeOf(store), store.selection.edit, store.data.reasons);

  function take(by) {
    const place = placeOf(store);
    const { text } = place.labels.words[at()];
    store.select({ edit: by && by !== text ? { at: at(), by } : null, word: place.word });
  }

  function row({ text, label, confidence, changed }, isFirst) {
    const { edit } = store.selection;
    const isOn = isFirst ? !edit?.by : edit?.by === text;
    return h('button', {
      type: 'button', class: `swap${changed ? ' flp' : ''}`, 'aria-pressed': String(isOn), onclick: () => take(isFirst ? '' : text),
    }, h('b', { dir: 'auto' }, text), tag(label), bar(confidence), h('span', { class: 'n' }, probability(confidence)));
  }

  function draw() {
    const place = placeOf(store);
    const { edit } = store.selection;
    const { swaps, variant } = store.data;
    const word = place.labels.words[at()];
    if (document.activeElement !== field || !edit) field.value = edit?.by || word.text;
    const asked = place.isWhole ? 'the text' : saidAt(place).text;
    put(what, 'what ', h('b', { dir: 'auto' }, cut(asked)), ' becomes');
    const isOther = !place.isWhole && edit && (edit.at < place.first || edit.at >= place.stop);
    put(state, edit?.by ? [h('span', { class: 'mod' }, 'edited text'), h('button', { type: 'button', class: 'link', onclick: () => take('') }, 'Restore')]
      : isOther ? h('button', { type: 'button', class: 'link', onclick: () => store.select({ word: edit.at, why: null, rather: null, edit: null }) }, `Why is ${word.text} ${place.labels.words[edit.at].label}?`)
        : h('span', { class: 'm x' }, 'or click a word above'));
    const error = swaps?.error ?? variant?.error;
    const known = swaps?.at === at() ? swaps.rows : [];
    const first = known[0] ? { ...known[0], changed: false } : { text: word.text, label: saidAt(place).label, confidence: saidAt(place).confidence, changed: false };
    put(rows, error ? h('p', { class: 'note', role: 'status' }, error) : null, row(first, true), known.slice(1).map((each) => row(each, false)));
  }

  return {
    focus() { field.focus(); field.select(); },
    update(changed) {
      if (!changed || ['labels', 'word', 'reasons', 'edit', 'swaps', 'variant'].some((key) => changed.has(key))) draw();
    },
  };
}
