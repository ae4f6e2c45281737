// Why a query sees a key or does not, as the headline says it. Pure.

// In the order of `model.Reason`.
export const REASONS = ['may look', 'lies in the future', 'outside the window', 'padding', 'another text', 'outside the chunk', 'no softmax'];
const [VISIBLE, FUTURE, OUTSIDE, PADDING, OTHER_TEXT, OUTSIDE_CHUNK, NO_SOFTMAX] = REASONS.keys();

const named = (kinds) => kinds.map(({ kind }) => kind).join(' or ');
const article = (words) => `${/^[aeiou]/.test(words) ? 'an' : 'a'} ${words}`;

// [before, {query}, between, {key}, after, second line]: the tokens are put in where the page has names for them.
export function headline(answer, { query, key }, causal) {
  const reasonOf = ({ reasons }) => reasons[query][key] ?? FUTURE;
  const seen = answer.kinds.filter((kind) => reasonOf(kind) === VISIBLE);
  const hidden = answer.kinds.filter((kind) => reasonOf(kind) !== VISIBLE);
  const why = (kind) => because(reasonOf(kind), kind, { query, key, causal, length: answer.length, pads: answer.pads });
  const isInPrefix = [query, key].every((at) => at < (answer.prefix?.[1] ?? 0));
  if (query === key && seen.length && !hidden.some((kind) => reasonOf(kind) !== NO_SOFTMAX)) {
    return [seen.length < answer.kinds.length ? `In every layer with a softmax ` : 'In every layer ', { query }, ' looks at itself', null, '', ''];
  }
  if (!hidden.length && isInPrefix) return ['In every layer ', { query }, ' looks at ', { key }, ':', `it lies ${Math.abs(query - key)} ${query > key ? 'back' : 'ahead'}, and both are in the prefix, whose tokens see one another.`];
  if (!hidden.length) return ['In every layer ', { query }, ' looks at ', { key }, ':', `${distance(answer.kinds, { query, key, causal })}.`];
  const reasons = [...new Set(hidden.map(why))].join(', and ');
  if (!seen.length) return ['In no layer can ', { query }, ' look at ', { key }, ':', `${reasons}.`];
  return [`In ${article(named(hidden))} layer `, { query }, ' cannot look at ', { key }, ':', `${reasons}. In ${article(named(seen))} layer it can.`];
}

// How far it is, beside the window where there is one.
function distance(kinds, place) {
  const local = kinds.find(({ window }) => window !== null && window !== undefined);
  if (local) return because(OUTSIDE, local, place);
  const back = place.query - place.key;
  return `it lies ${Math.abs(back)} ${back > 0 ? 'back' : 'ahead'}`;
}

function because(reason, { window, chunk }, { query, key, causal, length, pads }) {
  const back = query - key;
  if (reason === PADDING) return 'it is padding';
  if (reason === NO_SOFTMAX) return 'this layer has no softmax, so no token looks at another';
  if (reason === OTHER_TEXT) return 'it belongs to the other text of this row';
  if (reason === FUTURE) return key >= length ? 'this slot of the cache is not written yet' : `it comes ${-back} later`;
  if (reason === OUTSIDE_CHUNK) {
    const first = pads[0] === 0 ? pads[1] : 0; // padding before a text does not count
    const of = (position) => Math.floor((position - first) / chunk);
    return `it lies in chunk ${of(key)}, this query in chunk ${of(query)}, of ${chunk} tokens each`;
  }
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
  const isLocal = layers.includes('local');
  const own = name ? `In ${name}${isLocal ? `, window ${window}` : ''}: ` : '';
  const count = all ? `${own ? 'all' : 'All'} ${reached.length}` : `${reached.length} of ${before}`;
  const each = layers.every((kind) => kind === 'local') ? ` Each local layer adds ${causal ? window - 1 : `${window} to each side`}.` : '';
  return `${own}${count} tokens reach position ${query}${through}.${each}`;
}
