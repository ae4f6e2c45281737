// The lens as far as it was read: its columns by position. Pure.

// An answer holds the columns of some positions; names are told once for each answer.
export function createColumns() {
  const columns = new Map();
  return {
    columns,
    get: (at) => columns.get(at),
    add({ first, names, chosen, top, probabilities, entropy, rank, log }) {
      chosen.forEach((followed, at) => columns.set(first + at, {
        followed: names[followed],
        rows: top.map((row, r) => ({
          top: row[at].map((name, k) => ({ ...names[name], probability: probabilities[r][at][k] })),
          entropy: entropy[r][at], rank: rank[r][at], log: log[r][at], followed: Math.exp(log[r][at]),
        })),
      }));
    },
    missing: ([start, stop]) => range(start, stop).filter((at) => !columns.has(at)),
  };
}

const range = (start, stop) => Array.from({ length: Math.max(0, stop - start) }, (_, at) => start + at);

// The positions to read next: at most `most` of those that are missing, in a row, and the nearest to `at` first.
export function nextPart(missing, at, most) {
  if (!missing.length) return null;
  const near = missing.reduce((best, each) => (Math.abs(each - at) < Math.abs(best - at) ? each : best));
  const known = new Set(missing);
  let [start, stop] = [near, near + 1];
  while (stop - start < most && (known.has(start - 1) || known.has(stop))) {
    if (known.has(start - 1)) start -= 1;
    else stop += 1;
  }
  return [start, stop];
}

// The first of `count` columns that are shown: those before, unless the chosen one is outside.
export function windowFrom(before, at, count, [start, stop]) {
  const isInside = before !== null && at >= before && at < before + count;
  return Math.max(start, Math.min(isInside ? before : at - count + 1, stop - count));
}
