// The cache, pass by pass: what each kind of layer still holds once the pass is read.

import { h, put } from '../../page/dom.js';
import { layerGlyph } from '../heads/badges.js';
import { columnsOf, heldAfter, passOf } from './mask_situation.js';

const NARROWEST = 34; // px of a cell with a word
const STATES = { held: 'kept', new: 'new', dropped: 'dropped', empty: 'an empty slot' };

export function createCache(page, box) {
  const { store } = page;
  const [where, about, rows] = [h('b', { class: 'where', role: 'status' }), h('span', { class: 'm about' }), h('div', { class: 'kept' })];
  const go = (by) => store.select({ pass: store.selection.pass + by, query: null, key: null });
  const back = h('button', { type: 'button', class: 'btn sm', 'aria-label': 'The pass before', onclick: () => step(-1) }, '◂');
  const next = h('button', { type: 'button', class: 'btn sm', onclick: () => step(1) }, 'Feed the next ▸');
  put(box, h('div', { class: 'cache-title' }, h('b', {}, 'Cache'), h('span', { class: 'steps' }, back, where, next), about), rows);
  let answer = null;

  function step(by) {
    const { step: at } = passOf(answer, store.selection);
    if (answer && at + by >= 0 && at + by < answer.passes.length) {
      store.select({ pass: at }, { push: false });
      go(by);
    }
  }

  const textOf = (position, labels, isWide) => {
    const label = isWide && labels.find(({ from, to }) => position >= from && position < to);
    return label ? label.tokens?.[position - label.from] ?? label.text : String(position);
  };

  function draw(shown, labels) {
    answer = shown;
    const pass = passOf(answer, store.selection);
    const several = answer.passes.length > 1;
    box.querySelector('.steps').hidden = !several;
    put(where, `pass ${pass.step + 1} of ${answer.passes.length}: ${pass.label}`);
    back.disabled = pass.step === 0;
    next.disabled = pass.step === answer.passes.length - 1;
    put(about, aboutCache(pass));
    rows.hidden = !answer.cached;
    const columns = columnsOf(answer);
    const isWide = (rows.clientWidth - 240) / columns >= NARROWEST;
    // A layer without softmax has a state in place of keys.
    if (answer.cached) put(rows, answer.kinds.map((kind, at) => (kind.holds[pass.step].length ? row(kind, at, pass, columns, labels, isWide) : null)));
  }

  function aboutCache({ stop }) {
    if (!answer.cached) return store.selection.lab.cache === 'none' ? 'none is kept: every pass reads everything anew.' : 'none is kept: a later token changes every row.';
    const holds = answer.kinds.flatMap((kind) => kind.holds);
    if (columnsOf(answer) > answer.length || holds.some((slots) => slots.includes(null))) return 'all slots are there from the start; struck through: overwritten.';
    const local = answer.kinds.find(({ kind }) => kind === 'local');
    return `what stays once position ${stop - 1} is read; struck through: dropped.${local ? ` A local layer keeps window − 1: the next position is the ${ordinal(local.window)}.` : ''}`;
  }

  function row({ kind, holds, window, chunk = null }, at, pass, columns, labels, isWide) {
    const states = Array.from({ length: columns }, (_, position) => heldAfter(answer, at, pass, position));
    const kept = states.filter((state) => state === 'held' || state === 'new').length;
    const empty = holds[pass.step].filter((position) => position === null).length;
    return h('div', { class: 'held-by' }, h('span', { class: 'kind' }, layerGlyph(kind), kind),
      h('div', { class: 'slots', role: 'img', 'aria-label': `${kind} layer: ${kept} of ${pass.stop} kept`, style: { gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` } },
        states.map((state, position) => h('span', { class: state, title: `${position}${STATES[state] ? ` ${STATES[state]}` : ''}` }, state && (state !== 'empty') && columns <= 40 ? textOf(position, labels, isWide) : ''))),
      h('span', { class: 'of' }, h('b', {}, String(kept)), h('span', { class: 'm' }, ` of ${pass.stop} kept${empty ? `, ${empty} empty` : window === null && chunk === null ? ', no limit' : ''}`)));
  }

  return { draw, step };
}

const ordinal = (number) => `${number}${['th', 'st', 'nd', 'rd'][number % 100 > 10 && number % 100 < 14 ? 0 : number % 10] ?? 'th'}`;
