// Patching in words and numbers. Pure.

import { wordsOf } from '../../page/draw/words.js';

export const WHAT = {
  resid_pre: { label: 'Residual', said: 'residual stream' },
  head_out: { label: 'Head output', said: 'output' },
  attn_probs: { label: 'Attention', said: 'attention' },
};

// The columns of a grid: {label, word}, by head or by position of the corrupted text.
export function columnsOf(grid) {
  if (grid.by === 'head') return grid.values[0].map((_, head) => ({ label: `H${head}`, word: `H${head}` }));
  const words = wordsOf(grid);
  return grid.readable.map(({ text }, at) => {
    const word = words.find(({ from, to }) => at >= from && at < to).text;
    return { label: text, word };
  });
}

// The cell with the largest share: {layer, column, share}.
export function bestOf({ shares }) {
  let best = { layer: 0, column: 0, share: -Infinity };
  shares.forEach((row, layer) => row.forEach((share, column) => {
    if (share !== null && share > best.share) best = { layer, column, share };
  }));
  return best;
}

export const runsOf = (run, by) => run.layers.length * (by === 'head' ? run.heads : run.tokens.length);
