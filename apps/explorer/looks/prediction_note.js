// What is being read, what reading more would take, and what went wrong, in a line with its buttons.

import { h, put } from '../../page/dom.js';
import { duration, progressWords } from '../../page/progress.js';
import { windowFrom } from './prediction_columns.js';

const button = (label, act) => h('button', { type: 'button', class: 'btn sm', onclick: act }, label);

// `reading` is of the lens itself, `changed` of its column after a change.
export function createNote(reading, changed) {
  const box = h('div', { class: 'note', role: 'status' });

  function running({ busy, columns }) {
    const cancel = button('Cancel', () => reading.cancel());
    if (busy.many) return [`${busy.read} of ${busy.all} positions read, about ${duration(busy.left)} left `, cancel];
    return columns.columns.size ? [] : [progressWords(busy), cancel];
  }

  function prices({ columns, each }, { at, block, from, count }) {
    const missing = columns.missing(block).length;
    if (!missing || !each) return [];
    const first = windowFrom(from, at, count, block);
    const shown = [first, Math.min(block[1], first + count)];
    const few = columns.missing(shown).length;
    const takes = (positions) => `about ${duration(positions * each)}`;
    return [
      ...(columns.get(at) ? [] : [`The lens takes ${takes(1)} a position here. `, button(`Read position ${at}`, () => reading.fill(at, [at, at + 1]))]),
      ...(few && few < missing ? [button(`Read these ${few}: ${takes(few)}`, () => reading.fill(at, shown))] : []),
      button(`Read all ${missing}: ${takes(missing)}`, () => reading.fill(at, block)),
    ];
  }

  function after({ busy, each, columns }, at) {
    if (busy || !each || columns.get(at)) return [];
    return [button(`Read it after the change: about ${duration(each)}`, () => changed.fill(at, [at, at + 1]))];
  }

  // place: {at, block, from: the first column shown or null, count of columns, isChanged}
  function draw(place) {
    const error = reading.state.error ?? (place.isChanged ? changed.state.error : null);
    if (error) return put(box, error);
    if (reading.state.busy) return put(box, running(reading.state));
    return put(box, prices(reading.state, place), place.isChanged ? after(changed.state, place.at) : []);
  }

  return { box, draw };
}
