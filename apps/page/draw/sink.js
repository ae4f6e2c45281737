// The learned sink of a head, beside the square of its keys: a narrow column of what it takes of each row.

import { SINK } from '../selection.js';
import { columnName, ring } from './axes.js';

const [APART, WIDE] = [10, 16];
export const BESIDE = APART + WIDE; // the room that it takes
const LABEL = 'sink';

const leftOf = ({ left, side, gap }) => left + side - gap + APART;

// What the sink takes of a query's row; null outside the tile. In a pooled tile, the largest of its queries.
export function sinkOf(tile, query) {
  return query < tile.row || query >= tile.rowEnd ? null : tile.sinks?.[Math.floor((query - tile.row) / tile.pool)] ?? null;
}

// The query at a point of the column, null beside it.
function sinkAt(square, view, x, y) {
  const from = leftOf(square);
  const query = Math.floor(view.row + (y - square.top) / square.cell);
  return x >= from - APART / 2 && x < from + WIDE + 2 && query >= view.row && query < view.row + view.size ? query : null;
}

// The query whose cell of the column is under a point; null beside it, and of a map without such a column.
export function onSink(tile, square, view, x, y) {
  const query = tile.sinks ? sinkAt(square, view, x, y) : null;
  return query === null ? null : { query, key: SINK };
}

// The key beside another one: the sink stands after the last.
export function keyBeside(key, by, last, hasSink) {
  if (key === SINK) return by < 0 ? last : SINK;
  return hasSink && key === last && by > 0 ? SINK : Math.max(0, Math.min(last, key + by));
}

// Where there are more rows than pixels, each pixel keeps the most extreme of its rows: [{from, to, share}], in rows.
export function bandsOf(tile, view, pixels) {
  const step = Math.max(tile.pool, tile.pool * Math.ceil(view.size / tile.pool / pixels));
  const bands = [];
  for (let from = tile.row + Math.floor((view.row - tile.row) / step) * step; from < view.row + view.size; from += step) {
    const to = Math.min(from + step, tile.rowEnd);
    let share = 0;
    for (let query = from; query < to; query += tile.pool) {
      const own = sinkOf(tile, query);
      if (Math.abs(own) > Math.abs(share)) share = own;
    }
    bands.push({ from, to, share });
  }
  return bands;
}

export function paintSinks(context, square, view, tile, scale, table) {
  const { top, cell, side, gap } = square;
  const left = leftOf(square);
  context.save();
  context.beginPath();
  context.rect(left, top, WIDE, side);
  context.clip();
  for (const { from, to, share } of bandsOf(tile, view, Math.max(1, side))) {
    context.fillStyle = table.css[scale.step(share)];
    context.fillRect(left, top + (from - view.row) * cell, WIDE, (to - from) * cell - gap);
  }
  context.restore();
  context.strokeStyle = table.css[128];
  context.globalAlpha = 0.35; // an empty column is still seen
  context.lineWidth = 1;
  context.strokeRect(left - 0.5, top - 0.5, WIDE + 1, side - gap + 1);
  context.globalAlpha = 1;
}

// `chosen` and `hover`: queries whose cell of the column is chosen or pointed at, or null; `isNamed`: whether words stand
// above the square.
export function markSinks(context, square, view, { chosen, hover, isNamed = true }, theme) {
  const { top, cell, gap } = square;
  const left = leftOf(square);
  const height = Math.max(cell - gap, 4);
  const y = (query) => top + (query - view.row) * cell + (cell - gap - height) / 2;
  const isSeen = (query) => query !== null && query >= view.row && query < view.row + view.size;
  if (isSeen(hover) && hover !== chosen) {
    Object.assign(context, { strokeStyle: theme.ink, lineWidth: 1.5 });
    context.strokeRect(left - 0.75, y(hover) - 0.75, WIDE + 1.5, height + 1.5);
  }
  if (isSeen(chosen)) ring(context, left, y(chosen), WIDE, height, theme);
  const look = { isChosen: chosen !== null, isFront: chosen !== null || hover !== null };
  if (isNamed) columnName(context, square, left + WIDE / 2, LABEL, look, theme);
}

// The name above the column where no words stand above the square.
export function nameSinks(context, square, theme) {
  Object.assign(context, { textBaseline: 'alphabetic', textAlign: 'center', font: theme.font(13), fillStyle: theme.ink2 });
  context.fillText(LABEL, leftOf(square) + WIDE / 2, square.top - 11);
}
