// A grid of patched runs on a canvas: where its cells lie, and how they are painted. CSS pixels.

import { trimmed } from '../../page/draw/canvas.js';
import { labelsOf, shareText } from './patch_words.js';

const [LEFT, HEAD, PAD] = [48, 84, 20]; // room of the layers' names, of the columns' names, and around
const LARGEST = { width: 96, height: 64 };
const LEAST_HEIGHT = 12;
const NUMBERED = { width: 34, height: 18 }; // cells with room for their number
const LINE = 15; // between labels that do not touch
const TURN = -Math.PI / 3;

// The height that so many layers need.
export const heightOf = (room, rows) => Math.max(room, HEAD + rows * LEAST_HEIGHT + PAD);

// The size of a cell; whole pixels where there are as many. Pure.
export function cellIn({ width, height, rows, columns }) {
  const fit = (room, count, most) => Math.min(most, room >= count ? Math.floor(room / count) : room / count);
  return { width: fit(width - LEFT - PAD, columns, LARGEST.width), height: fit(height - HEAD - PAD, rows, LARGEST.height) };
}

// The cell under a point, or null. Pure.
export function cellUnder({ values }, cell, { x, y }) {
  const [column, layer] = [Math.floor((x - LEFT) / cell.width), Math.floor((y - HEAD) / cell.height)];
  return layer in values && column in values[layer] ? { layer, column } : null;
}

// scene: {grid, cell, scale, table, theme, chosen: {layer, column}, rings: [{layer, column}]}; -1 is none.
export function paintGrid(context, scene) {
  const { grid, cell, theme, chosen, rings } = scene;
  context.textBaseline = 'middle';
  grid.shares.forEach((row, layer) => {
    label(context, `L${layer}`, LEFT - 8, HEAD + (layer + 0.5) * cell.height, 'right', layer === chosen.layer ? theme.accent : theme.ink2, theme);
    row.forEach((share, column) => paintCell(context, scene, share, LEFT + column * cell.width, HEAD + layer * cell.height));
  });
  paintColumns(context, scene);
  Object.assign(context, { strokeStyle: theme.accent, lineWidth: 2 });
  for (const { layer, column } of rings) {
    if (layer >= 0 && column >= 0) context.strokeRect(LEFT + column * cell.width - 1, HEAD + layer * cell.height - 1, cell.width + 1, cell.height + 1);
  }
}

function paintCell(context, { cell, scale, table, theme }, share, x, y) {
  const gap = cell.width > 8 ? 1 : 0;
  const step = share === null ? null : scale.step(share);
  context.fillStyle = step === null ? theme.panel2 : table.css[step];
  context.fillRect(x, y, cell.width - gap, cell.height - gap);
  if (step === null || cell.width < NUMBERED.width || cell.height < NUMBERED.height) return;
  label(context, shareText(share), x + cell.width / 2, y + cell.height / 2, 'center', table.ink[step], theme);
}

function paintColumns(context, { grid, cell, theme, chosen: { column } }) {
  const isTurned = grid.by === 'position';
  let free = -Infinity;
  for (const { from, to, text } of labelsOf(grid)) {
    const x = LEFT + ((from + to) / 2) * cell.width;
    if (x - free < LINE) continue;
    free = x;
    context.save();
    context.translate(x, HEAD - 8);
    if (isTurned) context.rotate(TURN);
    label(context, trimmed(context, text, HEAD - LINE), 0, 0, isTurned ? 'left' : 'center', column >= from && column < to ? theme.accent : theme.ink2, theme);
    context.restore();
  }
}

function label(context, text, x, y, align, colour, theme) {
  Object.assign(context, { font: theme.font(14, colour === theme.accent ? 700 : 400), fillStyle: colour, textAlign: align });
  context.fillText(text, x, y);
}
