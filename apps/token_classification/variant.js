// A word with others in its place: what the labels become. Publishes `variant` {edit, labels} and `swaps` {at, rows}.

import { latest } from '../page/ask.js';
import { placeOf, questionOf } from './place.js';
import { MOST, suggestionsFor } from './suggestions.js';

const MOST_TRIED = 8;

// The text with another word in the place of one.
export const editedText = ({ words, after }, { at, by }) => words.map(({ before, text }, index) => before + (index === at ? by : text)).join('') + after;

// Where a word of the text is in the edited one, which may be cut into more or fewer words.
export const movedTo = (labels, variant, { at }, word) => (word > at ? word + variant.words.length - labels.words.length : word);

// Which word the reader changes: the one they chose, else the one that matters most.
export function changedWord(place, edit, reasons) {
  const { first, sentence: [start, stop] } = place;
  if (edit && start <= edit.at && edit.at < stop) return edit.at;
  const every = reasons?.leave_one_out?.rows ?? [];
  const spelled = every.filter(({ text }) => /[\p{L}\p{N}]/u.test(text));
  const rows = spelled.length ? spelled : every;
  const best = rows.reduce((most, row) => (most === null || Number(row.changed) - Number(most.changed) || row.effect - most.effect) > 0 ? row : most, null);
  return best === null ? first : start + best.word;
}

export function createVariant(page) {
  const { store } = page;
  const [labelling, swapping] = [latest(), latest()];
  const typed = new Map(); // words that were tried: by text and word
  let asked = '';

  function triedAt(labels, at, by) {
    const key = JSON.stringify([labels.text, at]);
    const own = typed.get(key) ?? [];
    if (by && !own.includes(by)) own.unshift(by);
    typed.set(key, own);
    const suggested = suggestionsFor(labels, at);
    const added = own.filter((word) => !suggested.includes(word));
    return [...added.slice(0, MOST_TRIED - MOST), ...suggested].filter((word) => word !== labels.words[at].text);
  }

  async function load() {
    const place = placeOf(store);
    const { edit } = store.selection;
    if (!store.data.reasons?.leave_one_out && !edit) return;
    const at = changedWord(place, edit, store.data.reasons);
    const words = triedAt(place.labels, at, edit?.by);
    const question = { ...questionOf(place, store.selection), show: 'swap', swap: at - place.sentence[0], by: words };
    const key = JSON.stringify([question, edit]);
    if (key === asked) return;
    asked = key;
    store.publish({ variant: null });
    if (edit?.by) {
      labelling.ask('labels', { model: question.model, text: editedText(place.labels, edit) })
        .then((labels) => store.publish({ variant: { edit, labels } }), (error) => store.publish({ variant: { edit, error: error.message } }));
    }
    if (!words.length) return store.publish({ swaps: { at, rows: [] } });
    if (store.data.swaps?.at !== at) store.publish({ swaps: null });
    swapping.ask('why', question).then(({ rows }) => store.publish({ swaps: { at, rows } }), (error) => store.publish({ swaps: { at, rows: [], error: error.message } }));
  }

  return { update: () => { load(); } };
}
