// Words along both sides of a square of cells, and the marks of the chosen and the pointed-at cell.

import { pill, trimmed } from './canvas.js';
import { roomyLabels } from './layout.js';

const BOLD = 1.12; // how much wider a bold text is, at most

// The labels with the width of their text in pixels.
export function measured(context, labels, font) {
  context.font = font;
  return labels.map((label) => ({ ...label, width: context.measureText(label.text).width }));
}

// axes = {rows, columns}: labels with the indices that are chosen and pointed at: {labels, chosen, hover}.
export function drawAxes(context, square, view, { rows, columns }, theme) {
  context.textBaseline = 'middle';
  const apart = square.type * 1.1;
  drawRows(context, square, view, rows, theme, apart);
  drawColumns(context, square, view, columns, theme, Math.max(apart, (square.type * 1.1) / Math.sin(square.angle)));
}

const holds = ({ from, to }, index) => index !== null && index >= from && index < to;

// The labels to draw, {label, isFront}: those with room, then in front of them, and bold, the chosen and the pointed-at
// one. The font is set where it changes only, because that is slow.
function* layers(context, labels, start, size, cell, apart, { chosen, hover }, font, type) {
  const front = labels.filter((label) => holds(label, chosen) || holds(label, hover));
  const isNear = (a, b) => Math.abs(a.from + a.to - b.from - b.to) / 2 * cell < apart;
  context.font = font(type);
  for (const label of roomyLabels(labels, start, size, cell, apart)) {
    if (!front.some((other) => isNear(label, other))) yield { label, isFront: false };
  }
  context.font = font(type, 700);
  for (const label of front) if (label.to > start && label.from < start + size) yield { label, isFront: true };
}

function drawRows(context, square, view, axis, theme, apart) {
  const { left, top, cell, type, text } = square;
  for (const { label, isFront } of layers(context, axis.labels, view.row, view.size, cell, apart, axis, theme.font, type)) {
    const isChosen = holds(label, axis.chosen);
    const y = top + ((label.from + label.to) / 2 - view.row) * cell - 0.5;
    bracket(context, label, cell, isChosen ? theme.accent : theme.line2, (at) => [left - 4.5, top + (at - view.row) * cell]);
    const shown = trimmed(context, label.text, text * BOLD);
    context.save();
    context.translate(left - 9, y);
    if (isChosen) {
      pill(context, shown, 'right', type, theme.accent, theme.accentInk);
    } else {
      context.textAlign = 'right';
      context.fillStyle = isFront ? theme.accent : theme.ink2;
      context.fillText(shown, 0, 0.5);
    }
    context.restore();
  }
}

function drawColumns(context, square, view, axis, theme, apart) {
  const { left, top, cell, type, text } = square;
  for (const { label, isFront } of layers(context, axis.labels, view.key, view.size, cell, apart, axis, theme.font, type)) {
    const isChosen = holds(label, axis.chosen);
    const x = left + ((label.from + label.to) / 2 - view.key) * cell - 0.5;
    bracket(context, label, cell, isChosen ? theme.accent : theme.line2, (at) => [left + (at - view.key) * cell, top - 4.5]);
    const shown = trimmed(context, label.text, text * BOLD);
    columnName(context, square, x, shown, { isChosen, isFront }, theme);
  }
}

// A name above the column whose middle is `x`, bold where it is chosen or in front.
export function columnName(context, { top, type, angle }, x, name, { isChosen, isFront }, theme) {
  context.save();
  context.font = theme.font(type, isFront ? 700 : 400);
  context.textBaseline = 'middle';
  context.translate(x - 1, top - 9);
  context.rotate(-angle);
  if (isChosen) {
    pill(context, name, 'left', type, theme.soft, theme.accent);
  } else {
    context.textAlign = 'left';
    context.fillStyle = isFront ? theme.accent : theme.ink2;
    context.fillText(name, 0, 0.5);
  }
  context.restore();
}

// A hairline that holds the cells of a word of several tokens together.
function bracket(context, { from, to }, cell, colour, point) {
  if (to - from < 2 || cell < 4) return;
  const [[x0, y0], [x1, y1]] = [point(from), point(to)];
  const along = x0 === x1 ? [0, 1] : [1, 0];
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x0 + 2.5 * along[0], y0 + 2.5 * along[1]);
  context.lineTo(x1 - 3.5 * along[0], y1 - 3.5 * along[1]);
  context.stroke();
}

// The row of the chosen query up to its last visible key, the chosen cell, and the cell under the pointer.
// marks = {query, key, reach, hover}: indices; `reach` = [first, last + 1] of the keys that the query sees.
export function drawMarks(context, square, view, { query, key, reach, hover }, theme) {
  const { left, top, side, cell, gap } = square;
  context.save();
  context.beginPath();
  context.rect(left - 4, top - 4, side + 8, side + 8);
  context.clip();
  const x = (index) => left + (index - view.key) * cell;
  const y = (index) => top + (index - view.row) * cell;
  if (hover && (hover.query !== query || hover.key !== key)) drawHover(context, x(hover.key), y(hover.query), square, theme);
  if (query !== null) {
    const height = Math.max(cell, 3);
    context.strokeStyle = theme.accent;
    context.lineWidth = cell >= 6 ? 2 : 1;
    context.strokeRect(x(reach[0]) - 1.5, y(query) - 1.5 - (height - cell) / 2, (reach[1] - reach[0]) * cell + 3 - gap, height + 3 - gap);
  }
  if (query !== null && key !== null) drawChosen(context, x(key), y(query), square, theme);
  context.restore();
}

function drawHover(context, x, y, { left, top, cell, gap }, theme) {
  context.strokeStyle = theme.ink;
  context.lineWidth = 1.5;
  context.strokeRect(x - 0.75, y - 0.75, cell + 1.5 - gap, cell + 1.5 - gap);
  context.globalAlpha = 0.16;
  context.fillStyle = theme.ink;
  context.fillRect(left, y + cell / 2 - 0.5, Math.max(0, x - left), 1);
  context.fillRect(x + cell / 2 - 0.5, top, 1, Math.max(0, y - top));
  context.globalAlpha = 1;
}

function drawChosen(context, x, y, { cell, gap }, theme) {
  const size = Math.max(cell - gap, 4);
  ring(context, x - (size - cell + gap) / 2, y - (size - cell + gap) / 2, size, size, theme);
}

// A light ring inside a strong one shows on any colour.
export function ring(context, left, top, width, height, theme) {
  context.strokeStyle = theme.panel;
  context.lineWidth = 2;
  context.strokeRect(left, top, width, height);
  context.strokeStyle = theme.accent;
  context.lineWidth = 3;
  context.strokeRect(left - 2.5, top - 2.5, width + 5, height + 5);
}
