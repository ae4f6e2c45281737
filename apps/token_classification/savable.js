// What Classify can save where the reader is: the explanation that is shown, the others, and the labels as tables.

import { headOf } from '../page/selection.js';
import { placeOf, questionOf } from './place.js';
import { SHOWS } from './reasons.js';
import { changedWord } from './variant.js';

export function savable(store) {
  const { data, selection } = store;
  if (!data.labels) return [];
  const place = placeOf(store);
  const question = questionOf(place, selection);
  const { model, text } = question;
  const chosen = headOf(selection.head);
  const why = (label, show, name, options = {}, more = {}) => ({ label, name, shown: { kind: 'explanation', ...question, show, ...options }, ...more });
  const every = {
    out: why('Words taken out', 'leave_one_out', 'words-out'),
    grad: why('Gradients', 'saliency', 'gradients', { per: selection.per }, { coloured: true }),
    heads: why('Heads switched off', 'heads', 'heads-off'),
    look: why('Attention of the head', 'attention', 'attention', selection.how === 'look' && chosen ? chosen : {}, { coloured: true }),
    masks: why('The other mask', 'masks', 'masks'),
  };
  const others = Object.keys(SHOWS).filter((how) => how !== selection.how).map((how) => every[how]);
  const tried = (data.swaps?.rows ?? []).slice(1).map((row) => row.text);
  const at = changedWord(place, selection.edit, data.reasons) - place.sentence[0];
  const table = (label, show) => ({ label, name: show, isTable: true, shown: { kind: 'labels', model, text, show } });
  return [
    every[selection.how], ...others, why('Faithfulness', 'faithfulness', 'faithfulness'),
    ...(tried.length ? [why('The word that was changed', 'swap', 'word-changed', { swap: at, by: tried })] : []),
    ...(data.labels.tagged ? [table('The entities, a table', 'entities')] : []),
    ...(place.isWhole ? [] : [table('The words, a table', 'words')]),
  ];
}
