// All positions of a text at once, above the grid: a click or a drag moves there.

import { h } from '../../page/dom.js';
import { sized, themeOf } from '../../page/draw/canvas.js';
import { createPalette } from '../../page/draw/colour.js';
import { stepOf } from './prediction_grid.js';
import { cellOf } from './prediction_words.js';

const [HEIGHT, PAD] = [34, 3];

export function createOverview(page, move) {
  const palette = createPalette(page.settings.explore);
  const canvas = h('canvas', { class: 'overview', 'aria-hidden': 'true', onpointerdown: point, onpointermove: (event) => event.buttons && point(event) });
  let now = null;

  // scene: as of the grid, and `block`: the positions that are shown, [start, stop)
  function draw(scene) {
    now = scene;
    const { columns, from, count, quantity, most, run, block: [start, stop] } = scene;
    const theme = themeOf(document.querySelector('#page'));
    const width = canvas.clientWidth;
    const context = sized(canvas, width, HEIGHT);
    const table = palette.table({ scale: 'sequential' });
    const rows = run.layers.length + 1;
    const [wide, tall] = [width / (stop - start), (HEIGHT - 2 * PAD) / rows];
    const [right, under] = [wide > 4 ? 1 : 0, tall > 3 ? 0.6 : 0];
    for (let at = start; at < stop; at += 1) {
      const column = columns.get(at);
      for (let row = 0; row < rows; row += 1) {
        context.fillStyle = column ? table.css[stepOf(cellOf(column, row, quantity, most).share)] : theme.panel2;
        context.fillRect((at - start) * wide, PAD + row * tall, wide - right, tall - under);
      }
    }
    Object.assign(context, { strokeStyle: theme.accent, lineWidth: 2 });
    context.beginPath();
    context.roundRect(Math.max(1, (from - start) * wide - 1), 1, Math.min(width - 2, Math.min(count, stop - start) * wide + 1), HEIGHT - 2, 4);
    context.stroke();
  }

  function point({ offsetX }) {
    const [start, stop] = now.block;
    move(Math.max(start, Math.min(stop - 1, start + Math.floor((offsetX / canvas.clientWidth) * (stop - start)))));
  }

  return { box: canvas, draw };
}
