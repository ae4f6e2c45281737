// Where things are: the square of cells inside its canvas, and which labels fit along it.

const TITLE = 18; // room for an axis title, in CSS pixels as all below
const LABEL = 11; // font size of token labels
const LINE = 13; // the least distance between two labels
const LARGEST_CELL = 96; // so that a text of one token is no billboard
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];

// The side of the square in device pixels: whole pixels per cell where that costs little room,
// because cells of unequal width make patterns that are not in the data.
function squareSide(room, tokens, ratio) {
  const most = Math.floor(room * ratio);
  const cell = Math.floor(Math.min(most / tokens, LARGEST_CELL * ratio));
  const whole = cell * tokens;
  return whole >= 0.78 * most || cell >= 2 ? whole : most;
}

function createLayout({ width, height, tokens, labelRoom, ratio }) {
  const margin = TITLE + labelRoom;
  const room = Math.max(96, Math.min(width - margin - 2, height - margin));
  const device = squareSide(room, tokens, ratio);
  const start = Math.round(margin * ratio);
  return {
    ratio, labelRoom, device, start,
    left: start / ratio,
    top: start / ratio,
    side: device / ratio,
    total: (start + device) / ratio + 2,
  };
}

// The pixel where a token starts along an axis, and the other way round.
function placeOf(layout, viewStart, view, index) {
  return layout.left + ((index - viewStart) * layout.side) / view.size;
}

function positionAt(layout, viewStart, view, pixel) {
  return viewStart + ((pixel - layout.left) / layout.side) * view.size;
}

// The cell under a point of the canvas, or null beside the square.
function cellAt(layout, view, x, y) {
  const key = Math.floor(positionAt(layout, view.key, view, x));
  const query = Math.floor(positionAt(layout, view.row, view, y));
  const inside = (index, start) => index >= start && index < start + view.size;
  return inside(key, view.key) && inside(query, view.row) ? { query, key } : null;
}

// Every how many tokens there is room for a label.
function labelStep(layout, view) {
  const cell = layout.side / view.size;
  return STEPS.find((step) => step * cell >= LINE) ?? STEPS.at(-1);
}

function clampedView(view, tokens) {
  const size = Math.max(Math.min(4, tokens), Math.min(tokens, Math.round(view.size)));
  const start = (value) => Math.max(0, Math.min(tokens - size, Math.round(value)));
  return { row: start(view.row), key: start(view.key), size };
}

// Zoom by `factor` with the point (row, key) staying where it is.
function zoomedView(view, tokens, factor, row, key) {
  const wanted = view.size * factor;
  // A step that rounding would swallow still moves by one cell.
  const size = factor < 1 ? Math.min(view.size - 1, wanted) : Math.max(view.size + 1, wanted);
  const kept = clampedView({ row: 0, key: 0, size }, tokens).size;
  const start = (point, from) => point - ((point - from) / view.size) * kept;
  return clampedView({ row: start(row, view.row), key: start(key, view.key), size: kept }, tokens);
}

// The square view around a rectangle that was dragged open.
function framedView(from, to, tokens) {
  const size = 1 + Math.max(Math.abs(to.query - from.query), Math.abs(to.key - from.key));
  const start = (a, b) => (a + b + 1 - size) / 2;
  const corner = { row: start(from.query, to.query), key: start(from.key, to.key) };
  return clampedView({ ...corner, size }, tokens);
}
