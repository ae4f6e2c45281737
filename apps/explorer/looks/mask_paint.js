// A mask on a canvas: what may be looked at is filled, each reason why not has a pattern that reads without colour.

import { sized } from '../../page/draw/canvas.js';

const LATTICE = 6;
const ROUND = 20; // px of a cell with round corners
const [VISIBLE, FUTURE, OUTSIDE, PADDING, OTHER_TEXT, OUTSIDE_CHUNK, NO_SOFTMAX] = [0, 1, 2, 3, 4, 5, 6];
const LIGHT = 0.38; // opacity of what may be looked at, beside the chosen row

// Patterns as small squares that repeat: dots, lines of 45 degrees, a lattice.
const DRAWN = {
  [FUTURE]: (context, side) => context.fillRect(side / 2 - 0.5, side / 2 - 0.5, 1.2, 1.2),
  [OUTSIDE]: (context, side) => stripes(context, side, 1),
  [OUTSIDE_CHUNK]: (context, side) => stripes(context, side, -1),
  [OTHER_TEXT](context, side) {
    context.beginPath();
    context.arc(side / 2, side / 2, 1.6, 0, 7);
    context.stroke();
  },
  [NO_SOFTMAX]: (context, side) => context.fillRect(0, side / 2 - 0.5, side, 1),
  [PADDING](context, side) {
    context.strokeRect(0.5, 0.5, side, side);
  },
};
const LINES = { [FUTURE]: 'ink2', [OUTSIDE]: 'ink2', [PADDING]: 'line2', [OTHER_TEXT]: 'ink2', [OUTSIDE_CHUNK]: 'ink2', [NO_SOFTMAX]: 'line2' };
const STRIPED = [OUTSIDE, OUTSIDE_CHUNK];

// Lines of 45 degrees that rise or fall.
function stripes(context, side, rises) {
  context.beginPath();
  for (const shift of [-side, 0, side]) {
    context.moveTo(shift - 1, rises > 0 ? side + 1 : -1);
    context.lineTo(shift + side + 1, rises > 0 ? -1 : side + 1);
  }
  context.stroke();
}

// The fill of a reason, for `context`.
export function patternOf(context, reason, theme) {
  const ratio = Math.min(3, window.devicePixelRatio || 1);
  const side = STRIPED.includes(reason) ? LATTICE + 1 : LATTICE;
  const tile = document.createElement('canvas');
  const own = sized(tile, side, side);
  Object.assign(own, { fillStyle: theme.panel2, lineWidth: 1.1 });
  if (!STRIPED.includes(reason)) own.fillRect(0, 0, side, side);
  own.fillStyle = own.strokeStyle = theme[LINES[reason]];
  DRAWN[reason](own, side);
  const pattern = context.createPattern(tile, 'repeat');
  pattern.setTransform(new DOMMatrix([1 / ratio, 0, 0, 1 / ratio, 0, 0]));
  return pattern;
}

export function fillsOf(context, theme) {
  return [theme.accent, ...[FUTURE, OUTSIDE, PADDING, OTHER_TEXT, OUTSIDE_CHUNK, NO_SOFTMAX].map((reason) => patternOf(context, reason, theme))];
}

// `shown` = {layout, reasons, labels, words: whether they stand left, query, key, stop, hover}
export function paintMask(canvas, shown, theme) {
  const { layout } = shown;
  Object.assign(canvas.style, { width: `${layout.width}px`, height: `${layout.height}px` });
  const context = sized(canvas, layout.width, layout.height);
  paintCells(context, shown, theme);
  paintNumbers(context, shown, theme);
  if (shown.words) paintWords(context, shown, theme);
  if (layout.slanted && shown.labels.length) paintAbove(context, shown, theme);
  paintMarks(context, shown, theme);
}

function paintCells(context, { layout, reasons, query, stop }, theme) {
  const fills = fillsOf(context, theme);
  const { cell, line } = layout;
  for (let row = 0; row < layout.rows; row += 1) {
    for (let column = 0; column < reasons[row].length; column += 1) {
      const reason = reasons[row][column];
      const isFed = row < stop;
      context.globalAlpha = isFed ? (reason === VISIBLE && row !== query ? LIGHT : 1) : 0.5;
      context.fillStyle = isFed ? fills[reason] : theme.panel2;
      if (cell < ROUND) {
        context.fillRect(layout.x(column), layout.y(row), cell - line, cell - line);
        continue;
      }
      context.beginPath();
      context.roundRect(layout.x(column), layout.y(row), cell - line, cell - line, 2);
      context.fill();
    }
  }
  context.globalAlpha = 1;
}

function paintNumbers(context, { layout, reasons, query, key }, theme) {
  const { cell, every } = layout;
  const write = (number, x, y, isChosen, align) => {
    Object.assign(context, { textAlign: align, textBaseline: 'middle', font: theme.font(cell >= 12 ? 14 : 12, isChosen ? 700 : 400), fillStyle: isChosen ? theme.accent : theme.ink2 });
    context.fillText(String(number), x, y);
  };
  const isShown = (number, chosen) => number === chosen || (number % every === 0 && (Math.abs(number - chosen) >= every || cell >= 18));
  for (let row = 0; row < layout.rows; row += 1) if (isShown(row, query)) write(row, layout.left - 10, layout.y(row) + cell / 2, row === query, 'right');
  for (let column = 0; column < reasons[0].length; column += 1) if (isShown(column, key)) write(column, layout.x(column) + cell / 2, layout.top - 11, column === key, 'center');
}

const isOf = (label, position) => position >= label.from && position < label.to;

function paintWords(context, { layout, labels, query }, theme) {
  const x = layout.left - 36;
  for (const label of labels) {
    const [from, to] = [layout.y(label.from), layout.y(label.to - 1) + layout.cell - layout.line];
    if (layout.cell < 12 && (to - from) < 12) continue;
    const isChosen = isOf(label, query);
    Object.assign(context, { textAlign: 'right', textBaseline: 'middle', font: theme.font(14, isChosen ? 700 : 400), fillStyle: isChosen ? theme.accent : theme.ink2 });
    context.fillText(label.text, x - 4, (from + to) / 2, x - 6);
    if (label.to - label.from > 1) {
      context.fillStyle = theme.line2;
      context.fillRect(x, from + 2, 1.5, to - from - 4);
    }
  }
}

function paintAbove(context, { layout, labels, key }, theme) {
  for (const label of labels) {
    const [from, to] = [layout.x(label.from), layout.x(label.to - 1) + layout.cell - layout.line];
    const isChosen = isOf(label, key);
    context.save();
    context.translate((from + to) / 2 + 2, layout.top - 26);
    context.rotate(-0.85);
    Object.assign(context, { textAlign: 'left', textBaseline: 'middle', font: theme.font(14, isChosen ? 700 : 400), fillStyle: isChosen ? theme.accent : theme.ink2 });
    context.fillText(label.text, 0, 0, 70);
    context.restore();
    if (label.to - label.from > 1) {
      context.fillStyle = theme.line2;
      context.fillRect(from + 2, layout.top - 22, to - from - 4, 1.5);
    }
  }
}

function paintMarks(context, { layout, reasons, query, key, hover }, theme) {
  const { cell, line } = layout;
  context.strokeStyle = theme.accent;
  context.lineWidth = 2;
  context.beginPath();
  context.roundRect(layout.x(0) - 3, layout.y(query) - 2, reasons[0].length * cell + 6 - line, cell + 4 - line, 4);
  context.stroke();
  for (const [at, width] of [[hover, 1.5], [{ query, key }, cell >= 20 ? 3 : 2]]) {
    if (!at) continue;
    context.strokeStyle = theme.ink;
    context.lineWidth = width;
    context.beginPath();
    context.roundRect(layout.x(at.key) - 1, layout.y(at.query) - 1, cell + 2 - line, cell + 2 - line, 3);
    context.stroke();
  }
}
