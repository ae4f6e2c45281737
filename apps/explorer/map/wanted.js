// Which tiles the middle wants for a selection.

import { headOf } from '../../page/selection.js';
import { overviewAddress } from '../../page/draw/tiles.js';
import { addressOf, askedOf, comparedOf, poolOf } from './asked.js';

const whole = (units) => [0, units.size];

// {asked, units, names, addresses}: `names` are the heads side by side, [] as a rule; `addresses` are those of `tile`,
// of each head by its name, and of `minus`, the first of two less the second.
export function wantedOf(store, unitsOf) {
  const { run, pair } = store.data;
  const asked = askedOf(store);
  const names = comparedOf(store);
  const units = unitsOf(run, asked.unit);
  const all = whole(units);
  const addresses = { tile: addressOf(asked, all, all) };
  // Beside each other stand the heads after a change: the difference shown is that of the heads.
  const side = asked.difference ? { against: null, run: pair.id } : {};
  for (const name of names) addresses[name] = addressOf(asked, all, all, { ...side, ...headOf(name), over: null });
  if (names.length === 2) addresses.minus = addressOf(asked, all, all, { ...side, ...headOf(names[0]), over: null, minus: names[1] });
  return { asked, units, names, addresses };
}

// The overview that is drawn until the map of a long run comes, null where there is none: it is of probabilities of a head.
const LONG = 2048; // tokens; the map of a shorter run comes as soon
export function overviewOf({ asked, units, names }) {
  const { run, stage, against, over, unit, bos } = asked;
  const isPlain = stage === 'attn_probs' && !against && !over && !unit && !bos && !names.length;
  return isPlain && units.size > LONG ? overviewAddress(run, asked) : null;
}

// The maps that the arrow keys lead to.
export function neighboursOf({ data: { run } }, { asked, units }) {
  if (asked.over) return [];
  const all = whole(units);
  return [[0, 1], [0, -1], [1, 0], [-1, 0]]
    .map(([layers, heads]) => ({ layer: asked.layer + layers, head: asked.head + heads }))
    .filter(({ layer, head }) => run.layers[layer] && head >= 0 && head < run.heads)
    .map((change) => addressOf(asked, all, all, change));
}

// The exact row, and where it is shown the column, that a pooled map does not have; null where nothing is missing.
export function linesOf({ asked, units }, { query, key, row, column }, withColumn) {
  const needsColumn = withColumn && key !== null && !column;
  if (row && !needsColumn) return null;
  const all = whole(units);
  return {
    row: addressOf(asked, [query, query + 1], all),
    ...(needsColumn ? { column: addressOf(asked, all, [key, key + 1]) } : {}),
  };
}

// Whether the numbers of a view that is zoomed into would be so much finer than those that are shown that they are worth
// reading; the last step, to the numbers themselves, always is.
const FINER = 2;
export const needsDetail = ({ size }, shownPool) => FINER * poolOf(size) <= shownPool;

export const detailOf = ({ asked }, { row, key, size }) => ({ detail: addressOf(asked, [row, row + size], [key, key + size]) });
