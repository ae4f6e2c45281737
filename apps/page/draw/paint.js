// Cells to pixels: a square view of a tile drawn into a square of device pixels.

import { HATCH } from './colour.js';

// Which tile column (or row) each pixel shows; `view` and `tile` starts in absolute positions.
export function pixelCells(side, viewStart, viewSize, tileStart, pool) {
  const cells = new Int32Array(side);
  for (let pixel = 0; pixel < side; pixel += 1) {
    const position = viewStart + ((pixel + 0.5) * viewSize) / side;
    cells[pixel] = Math.floor((position - tileStart) / pool);
  }
  return cells;
}

// More cells than pixels: each pixel keeps the most extreme of its cells, so that none is lost.
export function shrunk(tile, view, side) {
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
  return { row: 0, key: 0, pool: 1, width: side, height: side, values, reasons };
}

// The colours of one row of cells, 0 where a cell is hidden. Values before the mask that the mask
// will hide are drawn faded.
export function rowColours(tile, row, columns, scale, table, colours) {
  let last = -1;
  for (let x = 0; x < columns.length; x += 1) {
    if (columns[x] === last) {
      colours[x] = colours[x - 1];
      continue;
    }
    last = columns[x];
    const at = row * tile.width + last;
    const value = tile.values[at];
    const shades = tile.reasons[at] ? table.faded : table.pixels;
    colours[x] = value === value ? shades[scale.step(value)] : 0;
  }
}

export function hatchRow(pixels, y, tile, row, columns, colours, hatches) {
  const side = columns.length;
  const line = (y % HATCH) * HATCH;
  for (let x = 0; x < side; x += 1) {
    if (colours[x]) continue;
    const hatch = hatches[tile.reasons[row * tile.width + columns[x]]];
    pixels[y * side + x] = hatch[line + (x % HATCH)];
  }
}

// Draws `view` = {row, key, size} of `tile` into the square of `side` device pixels at (left, top).
export function paintCells(context, left, top, side, tile, view, scale, table, hatches) {
  const small = view.size / tile.pool > side;
  const source = small ? shrunk(tile, view, side) : tile;
  const window = small ? { row: 0, key: 0, size: side } : view;
  const columns = pixelCells(side, window.key, window.size, source.key, source.pool);
  const rows = pixelCells(side, window.row, window.size, source.row, source.pool);
  const image = context.createImageData(side, side);
  const pixels = new Uint32Array(image.data.buffer);
  const colours = new Uint32Array(side);
  for (let y = 0; y < side; y += 1) {
    if (y === 0 || rows[y] !== rows[y - 1]) {
      rowColours(source, rows[y], columns, scale, table, colours);
    }
    pixels.set(colours, y * side);
    hatchRow(pixels, y, source, rows[y], columns, colours, hatches);
  }
  context.putImageData(image, left, top);
}

export function paintHatch(context, width, height, hatch) {
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      pixels[y * width + x] = hatch[(y % HATCH) * HATCH + (x % HATCH)];
    }
  }
  context.putImageData(image, 0, 0);
}
