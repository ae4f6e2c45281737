// Bins of a histogram as they are drawn, all of one width. Pure.

// Bins up to the last one that holds anything, and how much all of them hold.
export function barsOf(counts) {
  const last = counts.findLastIndex((count) => count > 0) + 1;
  return { bars: counts, last: Math.max(last, 1), all: counts.reduce((sum, count) => sum + count, 0) };
}

// Where a value lies, in bins: 2.5 is the middle of the third one. Within a bin it is linear.
export function placeIn(edges, value) {
  const last = edges.length - 2;
  if (value <= edges[0]) return 0;
  const bin = Math.min(last, edges.findLastIndex((edge) => edge <= value));
  return Math.min(last + 1, bin + (value - edges[bin]) / (edges[bin + 1] - edges[bin]));
}
