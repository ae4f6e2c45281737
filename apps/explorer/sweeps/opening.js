// An example becomes the current text, at its very cell.

import { UNCHANGED } from '../changes/restore.js';

// Where an example comes from, in short and in words for whoever opened it.
export function originOf({ name, window, text }) {
  if (window === null) return { text, short: name, said: name, about: `A text of the sweep: ${name}` };
  const about = `The sweep read ${name}, a longer text, window after window; this is one of them, and its first token is no beginning.`;
  return { text, short: `window ${window} of ${name}`, said: `window ${window} of a longer text, ${name}`, about };
}

// How far the tokens of an example lie further back in a run of its text: 0 nearly always. A window that was cut within a word
// or a character may be read otherwise when it stands alone, at its beginning or its end; null where nothing fits.
export function shiftOf({ tokens, parts }, run) {
  const isThere = (by) => parts.every(({ from, pieces }) => pieces.every(({ text }, at) => from + at < 1 || run.readable[from + at + by]?.text === text));
  return [0, run.tokens.length - tokens].find(isThere) ?? null;
}

export function openExample(page, head, example) {
  const { store, runner } = page;
  const origin = originOf(example);
  store.publish({ origin: { ...origin, example } });
  store.select({
    ...UNCHANGED, text: example.text, trace: null, ...(runner.asked().trace ? { model: store.data.run.model } : {}),
    head, query: example.query, key: example.key, look: 'attention', drawing: 'map', stage: 'attn_probs', over: null, ab: false, words: false,
  });
  page.say(`Opened ${origin.said} at ${head}, query ${example.query}, key ${example.key}.`);
}
