// Numbers of words as colours: what each explanation says of the words of a sentence. Pure.

import { SHOWS } from './reasons.js';

export const FAINT = 0.02; // of the largest; less has no colour
const POWER = 0.7;
const MOST_NUMBERS = 7;
const SMALLEST_NUMBER = 0.04;

// {values: a number or null for each word of the sentence, flips: {word: label}, numbers: the words whose number is
// written, scale, most: the size that has the strongest colour} of an answer; null while there is none.
export function paintOf(how, reasons, { sentence: [first, stop], ...place }) {
  const answer = reasons?.[SHOWS[how]];
  if (!answer || answer.error) return null;
  const values = Array(stop - first).fill(null);
  const flips = {};
  if (how === 'out') {
    for (const { word, effect, changed, label } of answer.rows) {
      values[word] = effect;
      if (changed) flips[word] = label;
    }
  } else if (how === 'masks') {
    if (place.isWhole) return null;
    answer.rows.slice(first, stop).forEach(([loss, label, differs], at) => {
      values[at] = loss;
      if (differs) flips[at] = label;
    });
  } else if (how === 'grad' && answer.units && place.per === 'entity') {
    answer.units.forEach(([, at, value], index) => values.fill(value, at, answer.units[index + 1]?.[1] ?? values.length));
  } else answer.by_word.forEach((value, at) => { values[at] = value; });
  return {
    values, flips, numbers: numbered(values), scale: how === 'look' ? 'sequential' : 'diverging', most: mostOf(how, values, place, first),
  };
}

// The largest size, to which colours are scaled; an entity does not speak for itself but in gradients and masks.
function mostOf(how, values, { first: own, stop, isWhole }, start) {
  const counts = (at) => isWhole || how === 'grad' || how === 'masks' || how === 'look' || at + start < own || at + start >= stop;
  return values.reduce((most, value, at) => (value !== null && counts(at) ? Math.max(most, Math.abs(value)) : most), 0);
}

// The step of a table of 256 colours, null for none.
export function stepOf(value, most, scale) {
  if (value === null || most === 0 || Math.abs(value) < FAINT * most) return null;
  const share = Math.min(1, Math.abs(value) / most) ** (scale === 'sequential' ? 0.5 : POWER);
  return Math.round(255 * (scale === 'sequential' ? share : 0.5 + 0.5 * Math.sign(value) * share));
}

// The words whose number is written below them.
export function numbered(values) {
  const sized = values.map((value, at) => [Math.abs(value ?? 0), at]).filter(([size]) => size >= SMALLEST_NUMBER);
  return new Set(sized.sort((a, b) => b[0] - a[0]).slice(0, MOST_NUMBERS).map(([, at]) => at));
}
