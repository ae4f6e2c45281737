// An example becomes the current text, at its very cell.

import { UNCHANGED } from '../changes/restore.js';

// Where an example comes from, in short and in words for whoever opened it.
export function originOf({ name, window, text, first, stop, document, piece, tokens }) {
  const own = { text, document, piece, tokens };
  if (window === null) return { ...own, short: name, said: name, about: `A text of the sweep: ${name}` };
  const number = (token) => token.toLocaleString('en');
  const part = `${name}, tokens ${number(first)}–${number(stop - 1)}`;
  const begins = piece ? ', and its first token is no beginning' : '';
  const about = `The sweep read ${name}, a longer text, window after window; this is window ${window}${begins}.`;
  return { ...own, short: part, said: part, about };
}

// Whether an origin is that of a place of the corpus.
export const isOf = (origin, corpus) => Boolean(origin && corpus) && origin.document === corpus.document && origin.piece === corpus.piece;

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
    ...UNCHANGED, text: example.text, corpus: { document: example.document, piece: example.piece }, trace: null, ...(runner.asked().trace ? { model: store.data.run.model } : {}),
    head, query: example.query, key: example.key, look: 'attention', drawing: 'map', stage: 'attn_probs', over: null, ab: false, words: false,
  });
  page.say(`Opened ${origin.said} at ${head}, query ${example.query}, key ${example.key}.`);
}
