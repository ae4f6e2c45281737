// Where a map lies on its canvas: whole pixels for a cell, and labels that do not touch. Pure; CSS pixels.

const LARGEST_CELL = 72; // so that a text of one token is no billboard
const GAP_FROM = 9; // cells of this size stand apart
const [LEAST_ANGLE, MOST_ANGLE] = [Math.PI / 4, Math.PI / 2];
const LINE = 1.2; // distance of two lines of labels, in sizes of their type
const LONGEST = 0.24; // of the width, for labels
const SHORT = 96; // for labels that stand for many others

// Labels: [{from, to, text, width}] over the cells from <= i < to, in order.
const middle = ({ from, to }) => (from + to) / 2;

// The least distance of two neighbours' middles, in cells.
export function leastGap(labels) {
  let least = Infinity;
  for (let at = 1; at < labels.length; at += 1) least = Math.min(least, middle(labels[at]) - middle(labels[at - 1]));
  return least;
}

// The angle at which labels `distance` apart just do not touch; upright where they touch at any angle.
export function labelAngle(distance, type) {
  return Math.min(MOST_ANGLE, Math.max(LEAST_ANGLE, Math.asin(Math.min(1, (type * LINE) / distance))));
}

// A square of `size` cells in the room {width, height}, which leaves `beside` pixels free on its right:
// {left, top, side, cell, gap, angle, type, labelRoom}.
export function squareIn({ width, height, size, labels, type, phone, beside = 0 }) {
  const longest = labels.reduce((most, label) => Math.max(most, label.width), 0);
  const isThinned = Math.min(width, height) / size < type / 2;
  const text = Math.min(longest, LONGEST * width, isThinned ? SHORT : Infinity);
  const margin = phone ? 14 : 22;
  const labelRoom = Math.ceil(text + margin);
  const guess = Math.max(1, Math.min(width - labelRoom - beside, height - labelRoom) / size);
  const angle = labelAngle(leastGap(labels) * guess, type);
  const head = Math.ceil(Math.sin(angle) * text + Math.cos(angle) * type * 0.6 + 14);
  const room = Math.max(40, Math.min(width - labelRoom - beside - (phone ? 24 : 40), height - head - 6));
  const cell = wholeCell(room, size);
  const side = cell * size;
  const over = Math.cos(angle) * text * 0.6; // what the last label sticks out
  const left = Math.round(phone ? labelRoom + 8 : labelRoom + Math.max(20, (width - labelRoom - side - beside - over) / 2));
  const top = Math.round(head + Math.max(0, (height - head - side - 6) * 0.15));
  return { left, top, side, cell, gap: cell >= GAP_FROM ? 1 : 0, angle, type, labelRoom, text, room };
}

// Whole pixels for a cell, unless there are more cells than pixels.
export function wholeCell(room, size) {
  return room >= size ? Math.min(LARGEST_CELL, Math.floor(room / size)) : room / size;
}

// The same square zoomed to fewer cells: as large as there is room.
export function zoomedSquare(square, size) {
  const cell = wholeCell(square.room, size);
  return { ...square, cell, side: cell * size, gap: cell >= GAP_FROM ? 1 : 0 };
}

// The labels that a view of `size` cells from `start` has room for, at least `apart` pixels from one another.
export function roomyLabels(labels, start, size, cell, apart) {
  const shown = [];
  let last = -Infinity;
  for (const label of labels) {
    const at = (middle(label) - start) * cell;
    if (at < 0 || at > size * cell || at - last < apart) continue;
    shown.push(label);
    last = at;
  }
  return shown;
}

// The cell under a point, or null beside the square.
export function cellAt(square, view, x, y) {
  const key = Math.floor(view.key + (x - square.left) / square.cell);
  const query = Math.floor(view.row + (y - square.top) / square.cell);
  const inside = (index, start) => index >= start && index < start + view.size;
  return inside(key, view.key) && inside(query, view.row) ? { query, key } : null;
}

export function clampedView(view, count) {
  const size = Math.max(Math.min(4, count), Math.min(count, Math.round(view.size)));
  const start = (value) => Math.max(0, Math.min(count - size, Math.round(value)));
  return { row: start(view.row), key: start(view.key), size };
}

// Zoom by `factor` with the point (row, key) staying where it is.
export function zoomedView(view, count, factor, row, key) {
  const wanted = view.size * factor;
  // A step that rounding would swallow still moves by one cell.
  const size = factor < 1 ? Math.min(view.size - 1, wanted) : Math.max(view.size + 1, wanted);
  const kept = clampedView({ row: 0, key: 0, size }, count).size;
  const start = (point, from) => point - ((point - from) / view.size) * kept;
  return clampedView({ row: start(row, view.row), key: start(key, view.key), size: kept }, count);
}
