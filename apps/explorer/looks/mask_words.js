// Why a query sees a key or does not, as the headline says it. Pure.

export const REASONS = ['may look', 'lies in the future', 'outside the window', 'padding'];
const [VISIBLE, FUTURE, OUTSIDE, PADDING] = [0, 1, 2, 3];

// [before, {query}, between, {key}, after, second line]: the tokens are put in where the page has names for them.
export function headline(answer, { query, key }, causal) {
  const [local = FUTURE, global] = answer.kinds.map(({ reasons }) => reasons[query][key]);
  const { window } = answer.kinds[0];
  const why = (reason) => because(reason, { query, key, window, causal, length: answer.length });
  if (query === key && local === VISIBLE) return ['In every layer ', { query }, ' looks at itself', null, '', ''];
  const distance = why(OUTSIDE);
  if (local === VISIBLE && global === VISIBLE) return ['In every layer ', { query }, ' looks at ', { key }, ':', `${distance}.`];
  if (global === VISIBLE) return ['In a local layer ', { query }, ' cannot look at ', { key }, ':', `${why(local)}. In a global layer it can.`];
  const reasons = local === global ? why(local) : `${why(local)}, and ${why(global)}`;
  return ['In no layer can ', { query }, ' look at ', { key }, ':', `${reasons}.`];
}

function because(reason, { query, key, window, causal, length }) {
  const back = query - key;
  if (reason === PADDING) return 'it is padding';
  if (reason === FUTURE) return key >= length ? 'this slot of the cache is not written yet' : `it comes ${-back} later`;
  const reach = causal ? `a window of ${window} reaches ${window - 1} back` : `a window of ${window} reaches ${window} to each side`;
  return `it lies ${Math.abs(back)} ${back > 0 ? 'back' : 'ahead'}, ${reach}`;
}

// How far information comes over the layers: one sentence about the chosen position.
export function reachSentence(answer, { layers, window, first }, query, { name, causal }) {
  const [from, to] = answer.pads;
  const isReal = (position) => position < from || position >= to;
  if (!isReal(query)) return `Position ${query} is padding: what its attention gives it means nothing.`;
  const real = first[query].map((_, position) => position).filter(isReal);
  const reached = real.filter((position) => first[query][position] >= 0);
  const before = real.filter((position) => position <= query).length;
  const all = reached.length >= before;
  const deepest = Math.max(...reached.map((position) => first[query][position]));
  const through = deepest ? ` through ${deepest} layer${deepest === 1 ? '' : 's'}` : '';
  const own = name ? `In ${name}, window ${window}: ` : '';
  const count = all ? `${own ? 'all' : 'All'} ${reached.length}` : `${reached.length} of ${before}`;
  const each = layers.includes('global') ? '' : ` Each local layer adds ${causal ? window - 1 : `${window} to each side`}.`;
  return `${own}${count} tokens reach position ${query}${through}.${each}`;
}
