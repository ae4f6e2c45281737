// Token labels along both axes, and the marks that follow the pointer.

// Cuts a label to the room it has, by whole characters (an emoji is one character, not two).
function createTrimmer(context) {
  const known = new Map();
  return (text, room) => {
    const wish = `${room} ${context.font} ${text}`;
    if (!known.has(wish)) known.set(wish, trimmed(context, text, room));
    return known.get(wish);
  };
}

function trimmed(context, text, room) {
  if (context.measureText(text).width <= room) return text;
  const characters = Array.from(text);
  while (characters.length > 1 && context.measureText(`${characters.join('')}…`).width > room) {
    characters.pop();
  }
  return `${characters.join('')}…`;
}

function widestLabel(context, tokens, step, least, most) {
  let widest = least;
  for (let index = 0; index < tokens.length && widest < most; index += 1) {
    widest = Math.max(widest, context.measureText(labelText(tokens, index, step)).width + 12);
  }
  return Math.ceil(Math.min(most, widest));
}

// Where only some tokens have a label, their position says more than the token alone.
function labelText(tokens, index, step) {
  return step === 1 ? tokens[index] : `${index} ${tokens[index]}`;
}

function drawAxes(context, layout, view, tokens, style) {
  const trim = createTrimmer(context);
  const step = labelStep(layout, view);
  context.fillStyle = style.ink;
  context.font = `${LABEL}px ${style.font}`;
  context.textBaseline = 'middle';
  const first = (start) => Math.ceil(start / step) * step;
  for (let index = first(view.row); index < view.row + view.size; index += step) {
    const y = placeOf(layout, view.row, view, index + 0.5);
    drawQueryLabel(context, layout, trim(labelText(tokens, index, step), layout.labelRoom - 10), y);
  }
  const across = fitsAcross(context, layout, view, tokens);
  for (let index = first(view.key); index < view.key + view.size; index += step) {
    const x = placeOf(layout, view.key, view, index + 0.5);
    const label = trim(labelText(tokens, index, step), layout.labelRoom - 10);
    drawKeyLabel(context, layout, label, x, across);
  }
  drawTitles(context, layout, style);
}

// Few tokens have room to stand upright above their column.
function fitsAcross(context, layout, view, tokens) {
  const cell = layout.side / view.size;
  if (cell < 2 * LINE) return false;
  const shown = tokens.slice(view.key, view.key + view.size);
  return shown.every((token) => context.measureText(token).width <= cell - 4);
}

function drawQueryLabel(context, layout, label, y) {
  context.textAlign = 'right';
  context.fillText(label, layout.left - 6, y);
}

function drawKeyLabel(context, layout, label, x, across) {
  context.save();
  context.translate(x, layout.top - 6);
  if (!across) context.rotate(-Math.PI / 2);
  context.textAlign = across ? 'center' : 'left';
  context.fillText(label, 0, across ? -LABEL / 2 : 0);
  context.restore();
}

function drawTitles(context, layout, style) {
  context.fillStyle = style.muted;
  context.textAlign = 'left';
  context.fillText('key (attended to) →', layout.left, TITLE / 2 - 2);
  context.save();
  context.translate(TITLE / 2 - 2, layout.top);
  context.rotate(-Math.PI / 2);
  context.textAlign = 'right';
  context.fillText('← query (attends)', 0, 0);
  context.restore();
}

// What follows the pointer. `marks` = {direction, index, query, key, frame}: the isolated row or
// column, the cell in focus and the rectangle that is being dragged open, each possibly null.
function drawMarks(context, layout, view, tokens, marks, style) {
  if (marks.index !== null) drawIsolation(context, layout, view, marks, style);
  if (marks.query !== null && marks.key !== null) drawCell(context, layout, view, marks, style);
  context.font = `${LABEL}px ${style.font}`;
  context.textBaseline = 'middle';
  if (marks.query !== null) drawQueryPill(context, layout, view, tokens, marks.query, style);
  if (marks.key !== null) drawKeyPill(context, layout, view, tokens, marks.key, style);
  if (marks.frame) drawFrame(context, layout, view, marks.frame, style);
}

// The extent of one token on screen, at least as large as the eye can find.
function extent(layout, viewStart, view, index) {
  const cell = layout.side / view.size;
  const size = Math.max(cell, 3);
  return { start: placeOf(layout, viewStart, view, index + 0.5) - size / 2, size };
}

function drawIsolation(context, layout, view, { direction, index }, style) {
  const row = direction === 'row';
  const start = row ? view.row : view.key;
  const { left, top, side } = layout;
  const shown = index >= start && index < start + view.size;
  const band = shown ? extent(layout, start, view, index) : { start: left, size: 0 };
  const origin = row ? top : left;
  const before = Math.max(0, band.start - origin);
  const after = Math.max(0, origin + side - band.start - band.size);
  const rectangle = (from, size) => (row ? [left, from, side, size] : [from, top, size, side]);
  context.fillStyle = style.veil;
  context.fillRect(...rectangle(origin, before));
  context.fillRect(...rectangle(origin + side - after, after));
  if (!shown) return;
  context.strokeStyle = style.accent;
  context.lineWidth = 1;
  context.strokeRect(...rectangle(band.start, band.size));
}

function drawCell(context, layout, view, { query, key }, style) {
  const across = extent(layout, view.key, view, key);
  const down = extent(layout, view.row, view, query);
  const box = (grow) => [
    across.start - grow, down.start - grow, across.size + 2 * grow, down.size + 2 * grow,
  ];
  context.lineWidth = 2;
  context.strokeStyle = style.paper; // a light ring inside a strong one shows on any colour
  context.strokeRect(...box(1));
  context.strokeStyle = style.accent;
  context.strokeRect(...box(3));
}

function drawQueryPill(context, layout, view, tokens, index, style) {
  if (index < view.row || index >= view.row + view.size) return;
  const y = placeOf(layout, view.row, view, index + 0.5);
  context.save();
  context.translate(layout.left - 3, y);
  drawPill(context, layout, `${index} ${tokens[index]}`, 'right', style);
  context.restore();
}

function drawKeyPill(context, layout, view, tokens, index, style) {
  if (index < view.key || index >= view.key + view.size) return;
  context.save();
  context.translate(placeOf(layout, view.key, view, index + 0.5), layout.top - 3);
  const across = fitsAcross(context, layout, view, tokens);
  if (across) context.translate(0, -LINE / 2 - 3);
  else context.rotate(-Math.PI / 2);
  drawPill(context, layout, `${index} ${tokens[index]}`, across ? 'center' : 'left', style);
  context.restore();
}

function drawPill(context, layout, text, align, style) {
  const label = trimmed(context, text, layout.labelRoom + 4);
  const width = context.measureText(label).width + 8;
  context.beginPath();
  const start = { left: 0, center: -width / 2, right: -width }[align];
  context.roundRect(start, -LINE / 2 - 1, width, LINE + 2, 3);
  context.strokeStyle = style.paper; // keeps the labels behind at a distance
  context.lineWidth = 5;
  context.stroke();
  context.fillStyle = style.accent;
  context.fill();
  context.fillStyle = style.onAccent;
  context.textAlign = 'left';
  context.fillText(label, start + 4, 0.5);
}

function drawFrame(context, layout, view, { from, to }, style) {
  const low = (a, b) => Math.min(a, b);
  const high = (a, b) => Math.max(a, b) + 1;
  const x = placeOf(layout, view.key, view, low(from.key, to.key));
  const y = placeOf(layout, view.row, view, low(from.query, to.query));
  const right = placeOf(layout, view.key, view, high(from.key, to.key));
  const bottom = placeOf(layout, view.row, view, high(from.query, to.query));
  context.strokeStyle = style.accent;
  context.lineWidth = 2;
  context.setLineDash([4, 4]);
  context.strokeRect(x, y, right - x, bottom - y);
  context.setLineDash([]);
}
