// The map of the chosen head.

import { h, put } from '../../page/dom.js';
import { headOf } from '../../page/selection.js';
import { createPalette, createScale } from '../../page/draw/colour.js';
import { createLibrary, decodeTile, tileAddress } from '../../page/draw/tiles.js';
import { paintCells } from '../../page/draw/paint.js';

export const attention = { name: 'attention', title: 'Attention', create: createMap };

function createMap(page, box) {
  const { store, settings } = page;
  const palette = createPalette(settings.explore);
  const library = createLibrary(96e6);
  const canvas = h('canvas', { tabindex: '0', role: 'img' });
  put(box, canvas);

  async function draw() {
    const { run } = store.data;
    const { head, stage } = store.selection;
    const place = headOf(head ?? 'L0H0');
    const whole = [0, run.tokens.length];
    const tile = await library.load(tileAddress(run.id, { ...place, stage }, whole, whole), decodeTile);
    const look = settings.explore.stages.find(({ name }) => name === stage);
    const side = 500;
    canvas.width = side;
    canvas.height = side;
    const view = { row: 0, key: 0, size: run.tokens.length };
    paintCells(canvas.getContext('2d'), 0, 0, side, tile, view, createScale(look, tile, false), palette.table(look), palette.hatches());
  }

  return {
    update(changed) {
      const keys = ['run', 'head', 'stage', 'theme'];
      if (store.data.run && (!changed || keys.some((key) => changed.has(key)))) draw();
    },
  };
}
