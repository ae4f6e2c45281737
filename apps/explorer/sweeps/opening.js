// An example becomes the current text, at its very cell.

import { UNCHANGED } from '../changes/restore.js';

// Where an example comes from: "window 2 of corpus.jsonl:12", or the name of a whole text.
export function originOf({ name, window, text }) {
  if (window === null) return { text, said: name, about: `A text of the sweep: ${name}` };
  return { text, said: `window ${window} of ${name}`, about: `A part of a longer text: ${name}, of which the sweep read window after window.` };
}

// Whether a run has the tokens of the example where it shows them: a window that was cut within a word may be read otherwise
// when it stands alone.
export function agrees({ tokens, parts }, run) {
  return run.tokens.length === tokens && parts.every(({ from, pieces }) => pieces.every(({ title }, at) => run.readable[from + at].title === title));
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
