// What the reader can wish for, by pointer or keys, and how it changes the state.

function hold(next) {
  now.pinned = next;
  showText();
  strip.reveal(isolated());
  drawFocus();
  tell();
}

// Pinning what is pinned lets it go.
function pin(next) {
  const same = next.query === now.pinned.query && next.key === now.pinned.key;
  hold(same ? NOBODY : { ...next });
}

const pinCell = ({ query, key }) => pin({ query, key });
const pinToken = (index) => pin({ ...NOBODY, [along()]: index });

// A token under the pointer isolates, or is read against the pinned one.
function pointToken(index) {
  const axis = now.pinned[along()] === null ? along() : across();
  now.hover = index === null ? NOBODY : { ...NOBODY, [axis]: index };
  drawFocus();
}

function turn(direction) {
  now.direction = direction;
  drawFocus();
}

// Moves or zooms the map; false if it is there already.
function look(wanted) {
  if (!now.tile || !now.layout) return false;
  const { row, key, size } = now.view;
  const next = clampedView(wanted, length());
  if (next.row === row && next.key === key && next.size === size) return false;
  now.view = next;
  drawMap();
  showText();
  drawFocus();
  sharpen();
  return true;
}

// Moves a zoomed map so that it shows the cell.
function follow({ query, key }) {
  const { row, key: column, size } = now.view;
  const near = (start, at) => Math.max(at - size + 1, Math.min(start, at));
  look({ row: near(row, query), key: near(column, key), size });
}

const wish = {
  point(x, y) {
    if (!now.layout) return;
    const cell = cellAt(now.layout, now.view, x, y) ?? NOBODY;
    if (cell.query === now.hover.query && cell.key === now.hover.key) return;
    now.hover = cell;
    strip.reveal(isolated());
    drawFocus();
  },
  leave() {
    now.hover = NOBODY;
    drawFocus();
  },
  pin(x, y) {
    const cell = cellAt(now.layout, now.view, x, y);
    if (cell) pinCell(cell);
  },
  unpin: () => hold(NOBODY),
  frame(x, y, toX, toY) {
    const from = cellAt(now.layout, now.view, x, y);
    const to = cellAt(now.layout, now.view, toX, toY);
    if (from && to) now.frame = { from, to };
    drawFocus();
  },
  enter() {
    const opened = now.frame;
    now.frame = null;
    if (!opened || !look(framedView(opened.from, opened.to, length()))) drawFocus();
  },
  pan(dx, dy) {
    const cell = now.view.size / now.layout.side;
    const { row, key, size } = now.view;
    return look({ row: row - dy * cell, key: key - dx * cell, size });
  },
  zoom(factor, x, y) {
    const { layout, view } = now;
    const middle = layout.left + layout.side / 2; // left and top margins are the same
    const row = positionAt(layout, view.row, view, y ?? middle);
    const key = positionAt(layout, view.key, view, x ?? middle);
    return look(zoomedView(view, length(), factor, row, key));
  },
  whole: () => look(whole()),
  stepHead({ layer = 0, head = 0 }, since) {
    choose({ layer: now.choice.layer + layer, head: now.choice.head + head }, since);
  },
  // Keys go on from the pinned cell; a pointer that rests elsewhere does not hold them back.
  stepCell({ query = 0, key = 0 }) {
    const { pinned } = now;
    const from = pinned.query !== null && pinned.key !== null ? pinned : cellInFocus();
    const start = from ?? { query: length() - 1, key: 0 };
    now.hover = NOBODY;
    const cell = { query: inside(start.query + query, length()), key: inside(start.key + key, length()) };
    follow(cell);
    hold(cell);
  },
};
