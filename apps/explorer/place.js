// Where the reader is in a run: the selection, with what the page opens with where the selection says nothing.

import { createLibrary } from '../page/draw/tiles.js';
import { SINK, headName, headOf } from '../page/selection.js';

// Maps and thumbnails that were read, of all runs; one for the whole page.
export const library = createLibrary(96e6);

// {name: 'L5H3', layer, head, query, key, sink, stage}; `key` is null while it follows the strongest cell of the row, and
// where the learned sink of the head is chosen in place of a key.
export function placeOf({ selection, data: { run } }) {
  const opening = run.opening ?? {};
  const wished = headOf(selection.head ?? opening.head) ?? { layer: 0, head: 0 };
  const layer = Math.min(wished.layer, run.layers.length - 1);
  const head = Math.min(wished.head, run.heads - 1);
  const last = run.tokens.length - 1;
  const query = Math.min(selection.query ?? opening.query ?? last, last);
  const key = selection.key === null || selection.key === SINK ? null : Math.min(selection.key, last);
  const sink = selection.key === SINK && Boolean(run.layers[layer].sinks);
  const stage = run.stages && !run.stages.includes(selection.stage) ? 'attn_probs' : selection.stage;
  return { name: headName({ layer, head }), layer, head, query, key, sink, stage };
}

// The key that the reader looks at: the one that was clicked, else the strongest of the row; null before it is read.
// The row, `data.row`, is published by the map: {query, name, stage, side, values, reasons, colours, strongest}.
export function keyOf(store) {
  const { name, query, key } = placeOf(store);
  const { row } = store.data;
  if (key !== null) return key;
  return row && row.query === query && row.name === name && row.run === store.data.run.id ? row.strongest : null;
}

// Whether any of the keys has changed, or everything (null).
export const anyOf = (changed, ...keys) => changed === null || keys.some((key) => changed.has(key));
