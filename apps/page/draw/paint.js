// Cells to pixels: one pixel for each cell first, which a canvas then makes as large as the cells are. Pure, but for
// `paintSquare`.

export const FADED = 87; // opacity, of 255, of a value that the mask will hide

const coloured = new WeakMap(); // of tiles, as they were shown last

// The colours of all cells of a tile as bytes of RGBA; transparent where there is no value.
export function cellBytes(tile, scale, table) {
  const known = coloured.get(tile);
  const own = [table, scale.kind, scale.high, scale.power, scale.log];
  if (known?.own.every((part, at) => part === own[at])) return known.bytes;
  const bytes = cellColours(tile, scale, table);
  coloured.set(tile, { own, bytes });
  return bytes;
}

function cellColours(tile, scale, table) {
  const bytes = new Uint8ClampedArray(4 * tile.values.length);
  for (let at = 0; at < tile.values.length; at += 1) {
    const value = tile.values[at];
    if (value !== value) continue;
    const step = 3 * scale.step(value);
    bytes[4 * at] = table.rgb[step];
    bytes[4 * at + 1] = table.rgb[step + 1];
    bytes[4 * at + 2] = table.rgb[step + 2];
    bytes[4 * at + 3] = tile.reasons[at] ? FADED : 255;
  }
  return bytes;
}

// On the way from one picture of the same cells to another; a cell that is empty in one keeps its colour and fades.
export function blended(from, to, share) {
  const bytes = new Uint8ClampedArray(to.length);
  for (let at = 0; at < to.length; at += 4) {
    const first = from[at + 3] ? from : to;
    const last = to[at + 3] ? to : from;
    for (let channel = at; channel < at + 3; channel += 1) {
      bytes[channel] = first[channel] + (last[channel] - first[channel]) * share;
    }
    bytes[at + 3] = from[at + 3] + (to[at + 3] - from[at + 3]) * share;
  }
  return bytes;
}

const small = new WeakMap(); // of tiles, as they were shown last

// More cells than pixels: each pixel keeps the most extreme of its cells, so that none is lost. The tile of `side` x
// `side` pixels that shows `view` = {row, key, size}.
export function shrunk(tile, view, side) {
  const known = small.get(tile);
  const own = [view.row, view.key, view.size, side];
  if (known?.own.every((part, at) => part === own[at])) return known.shown;
  const shown = smaller(tile, view, side);
  small.set(tile, { own, shown });
  return shown;
}

function smaller(tile, view, side) {
  const values = new Float32Array(side * side).fill(NaN);
  const reasons = new Uint8Array(side * side).fill(255);
  const pixel = (index, start) => Math.floor(((index - start) * side) / view.size);
  for (let query = view.row; query < view.row + view.size; query += tile.pool) {
    const from = Math.floor((query - tile.row) / tile.pool) * tile.width;
    const to = pixel(query, view.row) * side;
    for (let key = view.key; key < view.key + view.size; key += tile.pool) {
      const cell = from + Math.floor((key - tile.key) / tile.pool);
      const at = to + pixel(key, view.key);
      const value = tile.values[cell];
      if (!(Math.abs(values[at]) >= Math.abs(value)) && value === value) values[at] = value;
      if (tile.reasons[cell] < reasons[at]) reasons[at] = tile.reasons[cell];
    }
  }
  return { row: view.row, key: view.key, pool: view.size / side, width: side, height: side, values, reasons };
}

// Runs of cells in a row without a value, by reason: [{row, from, to, reason}] of those whose reason is in `wanted`.
export function hiddenRuns({ width, height, values, reasons }, wanted) {
  const runs = [];
  for (let row = 0; row < height; row += 1) {
    let run = null;
    for (let column = 0; column < width; column += 1) {
      const at = row * width + column;
      const reason = Number.isNaN(values[at]) && wanted[reasons[at]] ? reasons[at] : null;
      if (run && run.reason === reason) {
        run.to = column + 1;
      } else {
        run = reason === null ? null : { row, from: column, to: column + 1, reason };
        if (run) runs.push(run);
      }
    }
  }
  return runs;
}

const runs = new WeakMap(); // of tiles; which reasons have a pattern is the same in every theme

// Draws `view` of a tile, whose colours are `picture` (a canvas of one pixel for each of its cells), into the square
// {left, top, side, cell, gap} of CSS pixels.
export function paintSquare(context, square, view, tile, picture, hatches) {
  const { left, top, side, cell, gap } = square;
  const at = (start) => start / tile.pool;
  context.save();
  context.beginPath();
  context.rect(left, top, side, side);
  context.clip();
  context.imageSmoothingEnabled = false;
  const cells = view.size / tile.pool;
  context.drawImage(picture, at(view.key - tile.key), at(view.row - tile.row), cells, cells, left, top, side, side);
  const unit = side / cells;
  const patterns = hatches.map((hatch) => hatch && context.createPattern(hatch, 'repeat'));
  if (!runs.has(tile)) runs.set(tile, hiddenRuns(tile, hatches));
  for (const { row, from, to, reason } of runs.get(tile)) {
    context.fillStyle = patterns[reason];
    const x = left + (from - at(view.key - tile.key)) * unit;
    const y = top + (row - at(view.row - tile.row)) * unit;
    context.fillRect(x, y, (to - from) * unit, unit);
  }
  if (gap) {
    for (let line = 1; line <= view.size; line += 1) {
      context.clearRect(left + line * cell - gap, top, gap, side);
      context.clearRect(left, top + line * cell - gap, side, gap);
    }
  }
  context.restore();
}

// A canvas of one pixel for each cell.
export function pictureOf(bytes, width, height, canvas = document.createElement('canvas')) {
  canvas.width = width;
  canvas.height = height;
  canvas.getContext('2d').putImageData(new ImageData(bytes, width, height), 0, 0);
  return canvas;
}
