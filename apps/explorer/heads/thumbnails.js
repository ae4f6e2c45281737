// Thumbnails of all heads of a run, painted onto small canvases.

import { createPalette } from '../../page/draw/colour.js';
import { decodeThumbnails, thumbnailAddress } from '../../page/draw/tiles.js';
import { library } from '../place.js';

const STAGE = 'attn_probs';

export function createThumbnails({ settings }) {
  const palette = createPalette(settings.explore);
  const look = settings.explore.stages.find(({ name }) => name === STAGE);
  return {
    load: (run) => library.load(thumbnailAddress(run, STAGE), decodeThumbnails),
    // The colour of a share of the scale of probabilities, for cells of scores.
    colour: (share) => palette.table(look).css[Math.round(255 * Math.sqrt(Math.min(Math.max(share, 0), 1)))],
    // As the background of text, with an ink that is read on it; nothing for what is not known.
    shade(share) {
      if (share === null) return {};
      const table = palette.table(look);
      const step = Math.round(255 * Math.sqrt(Math.min(Math.max(share, 0), 1)));
      return { background: table.css[step], color: table.ink[step] };
    },
    paint(canvas, { heads, side, pixels }, layer, head) {
      if (!pixels.length) return;
      canvas.width = side;
      canvas.height = side;
      const context = canvas.getContext('2d');
      const image = context.createImageData(side, side);
      const colours = new Uint32Array(image.data.buffer);
      const table = palette.table(look).pixels;
      const from = (layer * heads + head) * side * side;
      for (let at = 0; at < colours.length; at += 1) colours[at] = pixels[from + at] ? table[pixels[from + at]] : 0;
      context.putImageData(image, 0, 0);
    },
  };
}

// The run whose thumbnails are shown: the changed one, unless the reader looks at what was before.
export const pictured = ({ selection, data: { run, pair } }) => (pair?.id && selection.side !== 'before' ? pair.id : run.id);
