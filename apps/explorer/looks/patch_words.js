// Patching in words and numbers. Pure.

import { wordsOf } from '../../page/draw/words.js';

export const WHAT = {
  resid_pre: { label: 'Residual', said: 'residual stream' },
  head_out: { label: 'Head output', said: 'output' },
  attn_probs: { label: 'Attention', said: 'attention' },
};

// The names of the columns: heads, or the word of the corrupted text at each position.
export function columnsOf(grid) {
  if (grid.by === 'head') return grid.values[0].map((_, head) => `H${head}`);
  return wordsOf(grid).flatMap(({ from, to, text }) => Array(to - from).fill(text));
}

// What is written over the columns, one label for the tokens of a word: {from, to, text}.
export function labelsOf(grid) {
  if (grid.by === 'head') return columnsOf(grid).map((text, at) => ({ from: at, to: at + 1, text }));
  return wordsOf(grid);
}

// A share with two digits; no zero has a sign.
export const shareText = (share) => (Math.abs(share) < 0.005 ? '0' : share.toFixed(2).replace('-', '−'));

// The cell with the largest share: {layer, column, share}.
export function bestOf({ shares }) {
  let best = { layer: 0, column: 0, share: -Infinity };
  shares.forEach((row, layer) => row.forEach((share, column) => {
    if (share !== null && share > best.share) best = { layer, column, share };
  }));
  return best;
}

export const runsOf = (run, by) => run.layers.length * (by === 'head' ? run.heads : run.tokens.length);

// The numbers of "3, 5-7": [3, 5, 6, 7]; null for none, undefined for what makes no sense.
export function numbersOf(text) {
  if (!text?.trim()) return null;
  const parts = text.split(',').map((part) => /^\s*(\d{1,6})(?:\s*[-–]\s*(\d{1,6}))?\s*$/.exec(part));
  if (parts.some((part) => part === null || Number(part[2] ?? part[1]) - Number(part[1]) > 9999)) return undefined;
  const spread = parts.flatMap(([, first, last = first]) => Array.from({ length: Number(last) - Number(first) + 1 }, (_, at) => Number(first) + at));
  return spread.length ? [...new Set(spread)].sort((a, b) => a - b) : undefined;
}
