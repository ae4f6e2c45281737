// What is asked: "Jordan LOC 0.82 rather than PER 0.15", another label, and how it is explained.

import { h, put, segments } from '../page/dom.js';
import { attachPopover } from '../page/popover.js';
import { probability } from './numbers.js';
import { tag } from './parts.js';
import { namesOf, placeOf, saidAt } from './place.js';
import { SHOWS } from './reasons.js';

const METHODS = [
  { value: 'out', label: 'Words out', hint: 'Each word removed, the sentence read again (w)' },
  { value: 'grad', label: 'Gradients', hint: 'Integrated gradients of the log-odds (g)' },
  { value: 'heads', label: 'Heads off', hint: 'Each head switched off, where it looks (h)' },
  { value: 'masks', label: 'Other mask', hint: 'The labels under the other attention mask (m)' },
];
const PER = [['word', 'per word'], ['entity', 'per entity'], ['token', 'per token']];

export function createAsked(page, box) {
  const { store } = page;
  const title = h('div', { class: 'title' });
  const other = h('button', { type: 'button', class: 'btn sm other' }, 'Ask about another label ▾');
  const methods = h('div', {});
  const about = h('span', { class: 'm about' });
  const per = h('select', { 'aria-label': 'Gradients of', onchange: () => store.select({ per: per.value }) }, PER.map(([value, label]) => h('option', { value }, label)));
  const showMethod = segments(methods, 'How it is explained', METHODS, (how) => store.select({ how }));
  box.append(h('div', { class: 'top' }, title, h('span', { class: 'grow' }), h('span', { class: 'menu' }, other),
    h('button', { type: 'button', class: 'btn sm leave', title: 'Esc', onclick: () => store.select({ present: false }) }, 'Leave')), h('div', { class: 'how' }, methods, h('span', { class: 'grow' }), per, about));
  attachPopover(other, { role: 'dialog', label: 'Ask about another label', side: 'right', fill });

  function fill(popover, shut) {
    const place = placeOf(store);
    const { why, rather } = store.selection;
    const names = namesOf(place);
    const options = (chosen, first) => [h('option', { value: '' }, first), ...names.map((name) => h('option', { value: name, selected: name === chosen }, name))];
    const [label, rival] = [h('select', { 'aria-label': 'Why' }, options(why, 'what it says')), h('select', { 'aria-label': 'Rather than' }, options(rather, 'the next best'))];
    put(popover, h('form', { class: 'ask', onsubmit: (event) => {
      event.preventDefault();
      shut();
      store.select({ why: label.value || null, rather: rival.value || null, edit: null });
    } }, h('label', {}, 'Why ', label), h('label', {}, 'rather than ', rival), h('button', { type: 'submit', class: 'btn pri sm' }, 'Ask'),
    why || rather ? h('button', { type: 'button', class: 'btn sm', onclick: () => { shut(); store.select({ why: null, rather: null }); } }, 'As the model says') : null));
  }

  function drawTitle() {
    const place = placeOf(store);
    const said = saidAt(place);
    const answer = store.data.reasons?.leave_one_out;
    const isEdited = Boolean(store.selection.edit?.by);
    const asked = answer && !answer.error && answer.label !== said.label ? [h('span', { class: 'm' }, 'why not '), tag(answer.label), probability(answer.probability)] : null;
    put(title, h('h2', { class: 't20', dir: 'auto' }, place.isWhole ? 'The text' : said.text), tag(said.label, true), h('b', {}, probability(said.confidence)), asked,
      answer && !answer.error ? h('span', { class: 'm x' }, `${isEdited ? 'before the edit, ' : ''}rather than ${answer.against} ${probability(answer.against_probability)}`) : null);
  }

  function drawAbout() {
    const { how, head } = store.selection;
    const answer = store.data.reasons?.[SHOWS[how]];
    per.hidden = how !== 'grad';
    per.value = store.selection.per;
    put(about, {
      out: 'each word removed, read again',
      grad: answer?.steps ? (answer.steps > 1 ? `integrated over ${answer.steps} steps` : 'one gradient') : 'integrated gradients',
      heads: 'effect of each head, where it looks',
      look: `where ${head ?? 'the strongest head'} looks`,
      masks: 'probability lost under the other mask',
    }[how]);
    showMethod(how === 'look' ? 'heads' : how); // one of the heads that may be off
  }

  return {
    update(changed) {
      if (!changed || ['labels', 'word', 'reasons', 'edit', 'why', 'rather'].some((key) => changed.has(key))) drawTitle();
      if (!changed || ['how', 'head', 'per', 'reasons', 'labels'].some((key) => changed.has(key))) drawAbout();
    },
  };
}
