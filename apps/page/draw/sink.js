// The learned sink of a head, beside the square of its keys: a narrow column of what it takes of each row.

import { pill } from './canvas.js';

const [APART, WIDE] = [10, 16];
export const BESIDE = APART + WIDE; // the room that it takes
const LABEL = 'sink';

const leftOf = ({ left, side, gap }) => left + side - gap + APART;

// What the sink takes of a query's row; null outside the tile. In a pooled tile, the largest of its queries.
export function sinkOf(tile, query) {
  return query < tile.row || query >= tile.rowEnd ? null : tile.sinks?.[Math.floor((query - tile.row) / tile.pool)] ?? null;
}

// The query at a point of the column, null beside it.
export function sinkAt(square, view, x, y) {
  const from = leftOf(square);
  const query = Math.floor(view.row + (y - square.top) / square.cell);
  return x >= from - APART / 2 && x < from + WIDE + 2 && query >= view.row && query < view.row + view.size ? query : null;
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
  if (isSeen(chosen)) {
    Object.assign(context, { strokeStyle: theme.panel, lineWidth: 2 });
    context.strokeRect(left, y(chosen), WIDE, height);
    Object.assign(context, { strokeStyle: theme.accent, lineWidth: 3 });
    context.strokeRect(left - 2.5, y(chosen) - 2.5, WIDE + 5, height + 5);
  }
  if (isNamed) name(context, square, left + WIDE / 2, { isChosen: chosen !== null, isFront: hover !== null }, theme);
}

function name(context, { top, type, angle }, x, { isChosen, isFront }, theme) {
  context.save();
  context.font = theme.font(type, isChosen || isFront ? 700 : 400);
  context.textBaseline = 'middle';
  context.translate(x - 1, top - 9);
  context.rotate(-angle);
  if (isChosen) {
    pill(context, LABEL, 'left', type, theme.soft, theme.accent);
  } else {
    context.textAlign = 'left';
    context.fillStyle = isFront ? theme.accent : theme.ink2;
    context.fillText(LABEL, 0, 0.5);
  }
  context.restore();
}
