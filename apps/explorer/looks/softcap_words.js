// Caps to choose from, and what a cap does, in words. Pure.

import { valueText } from '../../page/draw/format.js';

const CAPS = [2, 3, 5, 10, 20];
// A cap shows its point where the largest logit is several times as large.
const POINT = 5;

// The stops of the slider: {label, cap} with `cap` as the address has it, null for the model's own.
export function stopsOf(own, chosen) {
  const now = Number.parseFloat(chosen);
  const caps = [...new Set([...CAPS, own, now])].filter((cap) => cap > 0 && Number.isFinite(cap)).sort((a, b) => a - b);
  const stops = caps.map((cap) => ({ label: String(cap), cap: cap === own ? null : String(cap) }));
  return [...stops, { label: 'off', cap: own === null ? null : 'off' }];
}

// Which stop a selected cap is at.
export function stopOf(stops, chosen) {
  const at = stops.findIndex(({ label, cap }) => cap === chosen || (chosen !== null && Number(label) === Number.parseFloat(chosen)));
  return at < 0 ? stops.findIndex(({ cap }) => cap === null) : at;
}

// The cap to open with: the largest one that the largest logit of the run is well beyond.
export const openingCap = (largest) => String(CAPS.findLast((cap) => cap * POINT <= largest) ?? CAPS[0]);

// "cap 5", "no cap"
export const capName = (cap) => (cap === null || cap === 'off' ? 'no cap' : `cap ${cap}`);

// What c tanh(a / c) takes of a logit, as a share.
export const taken = (logit, cap) => (logit ? 1 - (cap * Math.tanh(logit / cap)) / logit : 0);

// The sentence about a run, and about a changed one: [{token} | {strong} | text, ...].
export function sentenceOf({ run, pair, change, own }) {
  if (pair) return changed(run, pair, change);
  const expected = run.forecast?.length ? [`With ${capName(own)} the model expects `, { token: run.forecast[0] }, '. '] : [];
  if (own === null) return [...expected, 'Its attention has no cap: the logits go into the softmax as they are.'];
  if (!run.saturated) return expected;
  const [layer, head, largest] = run.saturated;
  const share = taken(largest, own) * 100;
  return [...expected, `The largest logit is ${largest.toFixed(1)}, in L${layer}H${head}: the cap takes ${share < 1 ? 'less than 1' : share.toFixed(0)} % of it.`];
}

function changed(run, pair, change) {
  const rows = pair.forecast;
  if (!rows?.length) return [`With ${change} the outputs change.`];
  const [first] = rows;
  const top = rows.reduce((best, row) => (row.probability > best.probability ? row : best));
  const [now, was] = [first.probability, first.was].map(valueText);
  if (top === first) return [`With ${change} the model still expects `, { token: first }, now === was ? `, with ${now} as before.` : `, with ${now} in place of ${was}.`];
  const repeats = run.readable.at(-1).text === top.text;
  return [`With ${change} the model no longer expects `, { token: first }, ...(repeats ? [': it repeats ', { strong: top.text }] : [' but ', { token: top }]), '.'];
}
