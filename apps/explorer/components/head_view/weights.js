// Attention weights as the view wants them: merged to words, without <bos>, renormalised.

// Groups of consecutive tokens: every token alone, or the tokens of one word together.
function groupsOf(value, first, count, merge) {
  const groups = [];
  for (let token = first; token < first + count; token += 1) {
    const last = groups[groups.length - 1];
    if (merge && last && value.words[token] === value.words[token - 1]) {
      last.stop = token + 1;
      last.text += value.tokens[token].replace(/^▁/, '');
    } else groups.push({ start: token, stop: token + 1, text: value.tokens[token] });
  }
  return groups;
}

// Weights between groups of one head: what a word attends to is the mean over its tokens, what a word
// receives is the sum over them. NaN (hidden) counts as nothing.
function weightsOf(tile, groups, { hideFirst, renormalise }) {
  const size = groups.length;
  const weights = new Float32Array(size * size);
  groups.forEach((query, i) => {
    const row = weights.subarray(i * size, (i + 1) * size);
    for (let q = query.start; q < query.stop; q += 1) addRow(row, tile, q, groups, query.stop - query.start);
    if (hideFirst && groups[0].start === 0) row[0] = 0;
    if (renormalise) rescale(row);
  });
  return weights;
}

function addRow(row, tile, query, groups, tokens) {
  const base = (query - tile.row) * tile.width - tile.key;
  groups.forEach((key, j) => {
    for (let k = key.start; k < key.stop; k += 1) {
      const weight = tile.values[base + k];
      if (weight > 0) row[j] += weight / tokens;
    }
  });
}

function rescale(row) {
  const total = row.reduce((sum, weight) => sum + weight, 0);
  if (total > 0) row.forEach((weight, j) => { row[j] = weight / total; });
}

// The strongest keys of a query over all heads that are on: [{head, key, weight}], strongest first.
function strongestKeys(heads, size, query, count) {
  const found = [];
  for (const { head, weights } of heads) {
    for (let key = 0; key < size; key += 1) {
      const weight = weights[query * size + key];
      if (weight > 0) found.push({ head, key, weight });
    }
  }
  return found.sort((a, b) => b.weight - a.weight).slice(0, count);
}
