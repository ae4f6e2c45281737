// Scores and kinds of the heads on screen: of this text, over the texts of a sweep, or over random sequences. Pure but for
// the store it is given.

import { headName } from '../../page/selection.js';

// Scores that heads can be ranked by, and what people call them.
export const METRICS = {
  induction: 'induction', previous_token: 'previous token', duplicate_token: 'duplicate token', first_token: 'BOS sink', self_attention: 'itself',
  entropy: 'entropy', spread: 'spread', distance: 'distance',
  beyond_half: 'beyond half cap', beyond_most: 'beyond 0.9 cap', bend: 'bend of the cap', largest_logit: 'largest logit',
};
export const LAYER_ORDER = 'layer';
const SHARES = new Set(['induction', 'previous_token', 'duplicate_token', 'first_token', 'self_attention', 'spread']);

// What tells one model's heads from another's.
export const weightsOf = ({ model, dtype }) => `${model} ${dtype}`;

// The sweep that is chosen of those of this model, {name, texts, tokens, said}; null where there is none.
export const sweepOf = ({ selection, data: { run } }) => run?.sweeps?.find(({ name }) => name === selection.sweep) ?? run?.sweeps?.[0] ?? null;

// {scores: {metric: [L][N]}, types: [L][N], kinds, said}: `said` is where the scores come from.
export function scoredOf({ selection, data: { run, random, swept } }) {
  if (selection.scored === 'random' && random?.weights === weightsOf(run)) return random;
  if (selection.scored === 'sweep' && swept && swept.name === sweepOf({ selection, data: { run } })?.name) return swept;
  return { scores: run.scores, types: run.types, kinds: run.kinds, said: 'this text' };
}

// All heads of a run in layer order: [{name, layer, head, kind: of its layer}]; a layer without softmax has none.
export function headsOf(run) {
  return run.layers.flatMap(({ kind, softmax }, layer) => (softmax === false ? [] : Array.from({ length: run.heads }, (_, head) => ({
    name: headName({ layer, head }), layer, head, kind,
  }))));
}

export const valueOf = (scores, metric, { layer, head }) => scores[metric]?.[layer]?.[head] ?? null;

// Metrics that have a number for some head: a text without repeats has no induction.
export function metricsOf(scores) {
  return Object.keys(METRICS).filter((metric) => scores[metric]?.some((row) => row.some((value) => value !== null)));
}

// The metric to rank by: the one that is wished, or one that says something of this text.
export function metricFor(wished, scores, opening) {
  const usable = metricsOf(scores);
  if (wished === LAYER_ORDER || usable.includes(wished)) return wished;
  const kind = opening?.kind === 'sink' ? 'first_token' : opening?.kind;
  return usable.includes(kind) ? kind : usable[0] ?? LAYER_ORDER;
}

// Where a bar is full: 1 for shares of attention, else the largest value there is.
export function fullOf(scores, metric) {
  if (SHARES.has(metric)) return 1;
  const largest = Math.max(0, ...(scores[metric] ?? []).flat().filter((value) => value !== null));
  return largest || 1;
}

export function ranked(heads, scores, metric) {
  if (metric === LAYER_ORDER) return heads;
  const number = (head) => valueOf(scores, metric, head) ?? -Infinity;
  return [...heads].sort((a, b) => number(b) - number(a));
}

// The kind whose badge a metric decides, if any.
export const kindBy = (kinds, metric) => kinds?.find(({ score }) => score === metric) ?? null;

// Whether a head is meant by a search: "L12H3", "L12", the beginning of a badge, "local" or "global"; all words count.
export function isFound(search, { name, kind }, label) {
  return search.toLowerCase().split(/\s+/).filter(Boolean).every((word) => (
    name.toLowerCase().startsWith(word) || kind === word || (label ?? '').startsWith(word)
  ));
}
