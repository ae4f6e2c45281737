// What the explanation says, in one sentence at display size, and one below it; of an edited text what has changed.

import { h, put } from '../page/dom.js';
import { claimOf, editClaim } from './claims.js';
import { probability } from './numbers.js';
import { paintOf } from './paint.js';
import { spelled } from './parts.js';
import { entityAt, placeOf, saidAt, said } from './place.js';
import { SHOWS } from './reasons.js';
import { movedTo } from './variant.js';

// `cancel` breaks the work off.
export function createSaid(page, box, cancel) {
  const { store } = page;
  const [jump, claim, below] = [h('p', { class: 't32 jump' }), h('p', { class: 'first' }), h('p', { class: 'm also' })];
  box.append(jump, claim, below);
  let last = '';

  function edited(place) {
    const { edit } = store.selection;
    const { variant } = store.data;
    if (variant?.error) return put(claim, variant.error);
    if (!variant?.labels) return put(claim, 'Reading the edited text …');
    const { labels } = place;
    const before = saidAt(place);
    const at = movedTo(labels, variant.labels, edit, place.first);
    const after = place.isWhole ? variant.labels.whole : entityAt(variant.labels, at) ?? variant.labels.words[at];
    const isSame = labels.words.length === variant.labels.words.length && !place.isWhole;
    const others = isSame ? labels.words.filter(({ label }, index) => (index < place.first || index >= place.stop) && index !== edit.at && label !== variant.labels.words[index].label).length : null;
    put(jump, h('span', { class: 'was' }, `${said(before.label)} ${probability(before.confidence)} → `), `${said(after.label)} ${probability(after.confidence)}`);
    const asked = place.isWhole ? 'the text' : before.text;
    const [sentence, more] = editClaim({ before, after, asked, from: labels.words[edit.at].text, to: edit.by, others });
    put(claim, spelled(sentence));
    return put(below, spelled(more));
  }

  function explained(place) {
    const { how, per } = store.selection;
    const { reasons } = store.data;
    const answer = reasons?.[SHOWS[how]];
    if (answer?.error) return put(claim, answer.error);
    const [start, stop] = place.sentence;
    const paint = paintOf(how, reasons, { ...place, per });
    const whole = place.isWhole && reasons?.leave_one_out ? { ...reasons, leave_one_out: { ...reasons.leave_one_out, asked: 'The text' } } : reasons;
    const found = claimOf(how, whole, paint, place.labels.words.slice(start, stop), place.isWhole ? [0, 0] : [place.first - start, place.stop - start]);
    if (!found) return put(claim, 'Working … ', h('button', { type: 'button', class: 'link late', onclick: cancel }, 'Cancel'));
    put(claim, spelled(found[0]));
    return put(below, spelled(found[1]));
  }

  function draw() {
    const place = placeOf(store);
    put(jump);
    put(below);
    if (store.selection.edit?.by) edited(place);
    else explained(place);
    const words = `${jump.textContent} ${claim.textContent}`.trim();
    if (last && words !== last && !words.startsWith('Working')) page.say(words);
    last = words;
  }

  return {
    update(changed) {
      if (!changed || ['labels', 'word', 'reasons', 'how', 'per', 'edit', 'variant', 'head'].some((key) => changed.has(key))) draw();
    },
  };
}
