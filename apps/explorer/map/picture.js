// The cells of a map as a picture of one pixel each, which may change into the next one step by step.

import { blended, cellBytes, pictureOf } from '../../page/draw/paint.js';

const MOST_BYTES = 4 * 256 * 256; // of a map that is changed step by step
export const MORPH = { stage: 450, change: 600 }; // ms

const isCalm = () => window.matchMedia('(prefers-reduced-motion: reduce)').matches;
const ease = (share) => (share < 0.5 ? 4 * share ** 3 : 1 - (2 - 2 * share) ** 3 / 2);

export function createPicture(repaint) {
  const canvas = document.createElement('canvas');
  let shown = { bytes: new Uint8ClampedArray(), width: 0 };
  let frame = 0;

  function put(bytes, { width, height }) {
    shown = { bytes, width };
    pictureOf(bytes, width, height, canvas);
  }

  // Shows a tile, within `ms` where its cells are those of the tile before.
  function show(tile, scale, table, ms) {
    cancelAnimationFrame(frame);
    const [from, to] = [shown.bytes, cellBytes(tile, scale, table)];
    const isSame = from.length === to.length && shown.width === tile.width && to.length <= MOST_BYTES;
    if (!ms || !isSame || isCalm()) return put(to, tile);
    const start = performance.now();
    const step = (now) => {
      const share = Math.min(1, Math.max(0, (now - start) / ms));
      put(share < 1 ? blended(from, to, ease(share)) : to, tile);
      repaint();
      if (share < 1) frame = requestAnimationFrame(step);
    };
    return step(start);
  }

  return { canvas, show };
}
