// Changes of the model: asks for the changed run, and lists in the strip what is changed, what it did, and how to undo it.

import { latest } from '../../page/ask.js';
import { h, put } from '../../page/dom.js';
import { UNCHANGED, restore } from './restore.js';
import { anyOf } from '../place.js';
import { createMenu } from './menu.js';
import { changesOf } from './words.js';

const ASKED = ['run', ...Object.keys(UNCHANGED)];

// A run that takes longer says how far it is.
const PATIENCE = 500;

export function createChanges(page) {
  const { store } = page;
  const list = h('span', { class: 'list' });
  const menu = createMenu(page);
  page.slots.changes.append(list, menu.box);
  const question = latest();
  const state = { busy: null, error: null };

  async function ask() {
    const { run } = store.data;
    question.cancel();
    Object.assign(state, { busy: null, error: null });
    store.publish({ refused: null });
    const { off, cap, window, causal, finalCap } = store.selection;
    // What belongs to another run goes at once; an older pair of this run stays until the new one is here.
    if (!changesOf(store.selection).length || store.data.pair?.of !== run.id) store.publish({ pair: null });
    if (!changesOf(store.selection).length) return draw();
    const since = performance.now();
    try {
      const pair = await question.ask('change', { run: run.id, off, cap, window, causal, final: finalCap }, {
        progress(busy) {
          if (performance.now() - since < PATIENCE) return;
          state.busy = busy;
          draw();
        },
      });
      Object.assign(state, { busy: null });
      store.publish({ pair: { ...pair, of: run.id } });
    } catch (error) {
      if (error.name === 'AbortError') return undefined;
      Object.assign(state, { busy: null, error: error.message });
      store.publish({ pair: null, refused: error.message });
    }
    return draw();
  }

  function draw() {
    const changes = changesOf(store.selection);
    const { run, pair } = store.data;
    const slot = page.slots.changes;
    menu.box.hidden = Boolean(run.lacks?.changes);
    slot.toggleAttribute('data-on', changes.length > 0 || run.modified.length > 0);
    const hadFocus = list.contains(document.activeElement);
    put(list, ...(changes.length ? changed(changes, pair) : run.modified.length ? [modified(), h('span', {}, run.modified.join(', '))] : []));
    if (hadFocus) menu.button.focus();
    menu.update();
  }

  function changed(changes, pair) {
    const heads = changes.filter(({ setting }) => !setting);
    const settings = changes.filter(({ setting }) => setting);
    return [
      modified(),
      heads.length ? h('span', {}, 'off:') : null,
      ...[...heads, ...settings].map(pill),
      h('button', { type: 'button', class: 'link', onclick: () => restore(page) }, 'Restore'),
      ...outcome(pair),
    ];
  }

  const modified = () => h('span', { class: 'mod' }, 'modified model');

  const pill = ({ label, undo }) => h('span', { class: 'chip' }, label,
    h('button', { type: 'button', 'aria-label': `Take back ${label}`, onclick: () => store.select(undo, { push: true }) }, '×'));

  function outcome(pair) {
    if (state.error) return [h('span', { class: 'error', role: 'alert' }, state.error)];
    if (state.busy) {
      const { done, of, what, seconds_left: left } = state.busy;
      const wait = left > 1 ? `, ${Math.ceil(left)} s left` : '';
      return [h('span', {}, `running ${what} ${done} of ${of}${wait}`), h('button', { type: 'button', class: 'link', onclick: () => restore(page) }, 'Cancel')];
    }
    if (!pair) return [];
    return [h('span', { class: 'outcome', title: pair.effects.map(({ sentence }) => sentence).join('\n') }, told(pair))];
  }

  return {
    update(changed_) {
      if (!store.data.run) return;
      if (anyOf(changed_, ...ASKED)) queueMicrotask(ask);
      else if (anyOf(changed_, 'pair')) draw();
    },
  };
}

// "KL 7.49 nats · 4,096 logits changed"; of a model that predicts no tokens, what changed in its outputs.
function told({ kl, logits, effects }) {
  if (logits === null) return effects.map(({ changed, largest }) => `${count(changed)} numbers changed, largest |d| ${short(largest)}`).join(' · ');
  if (!logits.changed) return 'changes nothing after this text';
  return `KL ${kl === null ? 'infinite' : `${short(kl)} nats`} · ${count(logits.changed)} logits changed`;
}

const count = (number) => number.toLocaleString('en');
const short = (number) => (number !== 0 && number < 1e-3 ? number.toExponential(1) : Number(number.toPrecision(3)).toString());
