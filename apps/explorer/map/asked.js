// What the middle shows of the selection: which maps are read, of which run, between what. Pure, but for the address.

import { headOf } from '../../page/selection.js';
import { lineOf, strongest, tileAddress } from '../../page/draw/tiles.js';
import { placeOf } from '../place.js';

// The heads that stand side by side, [] unless two or more do; A | B of two texts is shown elsewhere.
export function comparedOf({ selection, data: { run } }) {
  if (!selection.ab || selection.textB !== null) return [];
  const names = selection.pins.filter((name) => headOf(name).layer < run.layers.length && headOf(name).head < run.heads);
  return names.length >= 2 ? names.slice(0, 4) : [];
}

// {run, against, stage, layer, head, over, heads, unit, bos, side, difference}
export function askedOf(store) {
  const { selection, data: { run, pair } } = store;
  const place = placeOf(store);
  const side = pair ? selection.side : 'now';
  const difference = side === 'difference';
  const { over } = selection;
  return {
    run: side === 'after' ? pair.id : run.id,
    against: difference ? pair.id : null,
    stage: over === 'rollout' ? 'attn_probs' : place.stage,
    layer: place.layer,
    head: over ? 0 : place.head,
    over,
    heads: over && over !== 'rollout' ? selection.chosen.join('.') : '',
    unit: selection.words ? 'words' : '',
    bos: selection.bos === 'shown' ? '' : selection.bos,
    side, difference,
  };
}

// How many cells across are read at most: more than there are pixels would only be shrunk.
const pixelsAcross = () => ((window.devicePixelRatio || 1) > 1 || window.innerWidth > 1700 ? '' : 512);

const MOST_ACROSS = 1024; // cells that the server sends at most

// How many cells across one of a part of `size` x `size` stands for, as the server pools it.
export const poolOf = (size) => Math.ceil(size / (pixelsAcross() || MOST_ACROSS));

// The address of a part of the map; `change` overrides what was asked, such as {head, minus}.
export function addressOf(asked, rows, keys, change = {}) {
  const { run, against, over, heads, unit, bos, minus, ...choice } = { ...asked, ...change };
  const isLine = rows[1] - rows[0] === 1 || keys[1] - keys[0] === 1;
  return tileAddress(run, choice, rows, keys, { side: isLine ? '' : pixelsAcross(), against, over, heads, unit, bos, minus });
}

// One row (or column) of a tile that is exact and whole, else null.
export function exactLine(tile, direction, index) {
  return tile.pool === 1 && index >= tile.row && index < tile.rowEnd ? lineOf(tile, direction, index) : null;
}

// The index of the strongest visible cell of a line, null if there is none.
export function strongestOf(line, difference) {
  if (!line) return null;
  const { values, reasons } = line;
  const sizes = difference ? { values: values.map(Math.abs), reasons } : line;
  return strongest(sizes, 1)[0]?.index ?? null;
}

// The keys that a query sees, as [first, last + 1].
export function reachOf({ reasons }) {
  const first = reasons.findIndex((reason) => reason === 0);
  const last = reasons.findLastIndex((reason) => reason === 0);
  return first < 0 ? [0, 0] : [first, last + 1];
}
