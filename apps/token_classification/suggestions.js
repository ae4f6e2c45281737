// Words to try in the place of another: those that stand in such places, the other entities of the text, names of each kind. Pure.

import { entityAt } from './place.js';

const GROUPS = [
  ['from', 'with', 'by', 'near', 'to', 'in', 'of', 'for', 'at', 'on'],
  ['the', 'a', 'this', 'no', 'his', 'her'],
  ['Mr.', 'Mrs.', 'Captain', 'Port', 'Lake'],
  ['and', 'or', 'but'],
  ['he', 'she', 'it', 'they'],
  ['is', 'was', 'will', 'may'],
  ['said', 'told', 'asked', 'left', 'reached', 'founded'],
];
// One of each kind, and words that say nothing.
const NAMES = ['Emma', 'London', 'Parliament', 'Monday'];
const PLAIN = ['from', 'the', 'not', 'again'];
export const MOST = 4;

export function suggestionsFor(labels, at) {
  const { text } = labels.words[at];
  const group = GROUPS.find((words) => words.some((word) => word.toLowerCase() === text.toLowerCase()));
  const own = entityAt(labels, at);
  const names = own ? labels.entities.filter(({ first, stop, text: other }) => first !== own.first && stop - first === 1 && other !== text).map(({ text: other }) => other) : [];
  const isCapital = /^\p{Lu}/u.test(text);
  const spelled = (word) => (isCapital ? word[0].toUpperCase() + word.slice(1) : word);
  const others = isCapital ? NAMES : /^\p{Ll}/u.test(text) ? PLAIN : [];
  const candidates = group ? group.map(spelled) : [...names, ...others];
  return [...new Set(candidates)].filter((word) => word.toLowerCase() !== text.toLowerCase()).slice(0, MOST);
}
