// One sentence that follows from the numbers of a cell. A sentence is a list of strings, {token} and {strong}. Pure.

import { SINK } from '../../page/selection.js';
import { keysScore, percent, tokens } from './numbers.js';

// A logit from which on query and key are said to agree strongly: e^2 times the weight of a key that scores 0, and no
// dwarf beside the largest of the row.
const STRONG = 2;
const BESIDE_LARGEST = 0.35;
export const MOVED = 1e-6;
const NOTICED = 0.05; // what the cap takes off, as printed with two digits

// Why the mask hides the key: what stands where the number would.
export const HIDDEN = {
  future: 'comes later',
  outside_window: 'outside the window',
  padding: 'padding',
  other_sequence: 'another sequence',
  outside_chunk: 'another chunk',
  no_softmax: 'no softmax here',
};

export function sentence(cell, after, changes) {
  const here = { query: { token: cell.query }, key: { token: cell.key } };
  if (after && (cell.hidden || after.hidden) && cell.hidden !== after.hidden) return crossed(cell, after, changes, here);
  if (cell.hidden) return hidden(cell, here);
  if (cell.key === SINK) return ofSink(cell, after, changes, here);
  if (after && moved(cell, after)) {
    return [here.query, ' gave ', { strong: percent(prob(cell)) }, ' of its attention to ', here.key,
      `; with ${changes} it gives `, { strong: percent(prob(after)) }, '.'];
  }
  const share = { strong: percent(prob(cell)) };
  if ((after ?? cell).off) {
    return [here.query, after ? ' still gives ' : ' gives ', share, ' of its attention to ', here.key,
      ', but the head is off: nothing of it is written.'];
  }
  if (cell.visible === 1 && cell.sink) return [here.query, ' gives ', share, ' of its attention to ', here.key, ', the only key it sees, and the rest to the learned sink.'];
  if (cell.visible === 1) return [here.query, ' gives all of its attention to ', here.key, ': it sees no other key.'];
  if (cell.values.attn_logits === null) return [here.query, ' gives ', share, ' of its attention to ', here.key, `: rank ${cell.rank} of ${cell.visible} keys.`];
  const why = `: ${agreement(cell)}, ${capped(cell)}, and ${keysScore(cell.rank - 1)} higher.`;
  return [here.query, ' gives ', share, ' of its attention to ', here.key, why];
}

function ofSink(cell, after, changes, { query }) {
  const [now, was] = [after ?? cell, after && moved(cell, after)];
  const gives = was ? [' gave ', { strong: percent(prob(cell)) }, ` of its attention to the learned sink; with ${changes} it gives `]
    : [' gives '];
  return [query, ...gives, { strong: percent(prob(now)) }, was ? '' : ' of its attention to the learned sink', ': attention that no key gets, and that writes nothing.'];
}

// Whether a change moved the probability of a cell that both masks show.
export const moved = (cell, after) => Math.abs(prob(after) - prob(cell)) > MOVED;

const prob = (cell) => cell.values.attn_probs;

function agreement({ values: { attn_logits: raw }, largest }) {
  if (raw >= STRONG && raw >= BESIDE_LARGEST * largest.attn_logits) return 'query and key agree strongly';
  if (raw === 0) return 'query and key have nothing in common';
  return raw > 0 ? 'query and key agree' : 'query and key point apart';
}

function capped({ softcap, values }) {
  if (softcap === null) return 'there is no cap';
  const lost = Math.abs(values.attn_logits) - Math.abs(values.attn_scores);
  if (lost < NOTICED) return 'the cap leaves it';
  return values.attn_logits > 0 ? `the cap takes ${lost.toFixed(2)} off` : `the cap brings it ${lost.toFixed(2)} closer to 0`;
}

function hidden(cell, { query, key }) {
  const nothing = ': the mask hides it, so it gets nothing.';
  if (cell.hidden === 'future') return [key, ` comes ${tokens(cell.key - cell.query)} after `, query, nothing];
  if (cell.hidden === 'outside_window') return [key, ` is ${where(cell)}, and ${windowOf(cell)}${nothing}`];
  if (cell.hidden === 'outside_chunk') return [key, ' lies in another chunk than ', query, nothing];
  if (cell.hidden === 'no_softmax') return ['This layer has no softmax: ', query, ' looks at no key.'];
  if (cell.hidden === 'padding') return [key, ` is padding${nothing}`];
  return [key, ` belongs to another sequence${nothing}`];
}

function crossed(cell, after, changes, { query, key }) {
  if (after.hidden) {
    return [query, ' gave ', { strong: percent(prob(cell)) }, ' of its attention to ', key, `; with ${changes} the mask hides it.`];
  }
  return [key, ` was hidden (${HIDDEN[cell.hidden]}); with ${changes} `, query, ' gives it ', { strong: percent(prob(after)) }, '.'];
}

// "15 back", "itself", "3 ahead".
export function where({ query, key }) {
  if (query === key) return 'itself';
  return query > key ? `${query - key} back` : `${key - query} ahead`;
}

const windowOf = ({ window, causal }) => (causal ? `the window holds ${window}` : `the window reaches ${window} each way`);
