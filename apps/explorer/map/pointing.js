// Pointer over the drawing: the cell under it, its tooltip, and what a click chooses.

import { cellOf } from '../../page/draw/tiles.js';
import { valueText } from '../../page/draw/format.js';
import { bindPointer } from './input.js';
import { told } from './scene.js';

// drawing: {canvas, scene(), hit(x, y), repaint(), choose(patch), compared() -> null or the heads side by side, zoom, pan,
// whole}
export function bindPointing(drawing, tooltip) {
  function hover(cell) {
    const scene = drawing.scene();
    const before = scene?.hover ?? null;
    const isSame = before === cell || (before && cell && ['query', 'key', 'side'].every((part) => before[part] === cell[part]));
    if (!scene || isSame) return;
    scene.hover = cell;
    drawing.repaint();
  }

  function lines(cell) {
    const scene = drawing.scene();
    const compared = drawing.compared();
    if (!compared) return told(scene, cell);
    const [, who] = told(scene, cell);
    return [who, ...compared.valuesAt(cellOf, cell).map(({ letter, value }) => `${letter}  ${Number.isNaN(value) ? 'not seen' : valueText(value)}`)];
  }

  bindPointer(drawing.canvas, {
    point(x, y, event) {
      const cell = drawing.hit(x, y);
      hover(cell);
      if (cell) tooltip.show(event, lines(cell));
      else tooltip.hide();
    },
    leave() {
      hover(null);
      tooltip.hide();
    },
    click(x, y) {
      const cell = drawing.hit(x, y);
      if (cell) drawing.choose(cell.side === 'key' ? { key: cell.key } : { query: cell.query, key: cell.key });
    },
    pan: drawing.pan, zoom: drawing.zoom, whole: drawing.whole,
  });
}
