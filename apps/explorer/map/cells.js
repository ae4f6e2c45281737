// The drawing "map": the square of cells, its words and marks.

import { drawAxes, drawMarks, measured } from '../../page/draw/axes.js';
import { cellAt, clampedView, squareIn, zoomedSquare, zoomedView } from '../../page/draw/layout.js';
import { paintSquare, shrunk } from '../../page/draw/paint.js';
import { BESIDE, markSinks, onSink, paintSinks } from '../../page/draw/sink.js';
import { covers } from '../../page/draw/tiles.js';
import { SINK } from '../../page/selection.js';
import { createPicture } from './picture.js';

export function createCells(repaint) {
  const picture = createPicture(repaint);
  let view = { row: 0, key: 0, size: 1 };
  let whole = null; // the square of all cells
  let square = null;
  let painted = null; // the tile that the picture shows
  let labels = {}; // measured once for units and font

  // Fits the square into the room of the scene.
  function layout(context, scene, keepView) {
    const { units, width, height, theme, type, phone } = scene;
    if (!keepView || view.size > units.size) view = { row: 0, key: 0, size: units.size };
    const font = theme.font(type);
    if (labels.units !== units || labels.font !== font) labels = { units, font, measured: measured(context, units.labels, font) };
    scene.labels = labels.measured;
    whole = squareIn({ width, height, size: units.size, labels: scene.labels, type, phone, beside: scene.tile.sinks ? BESIDE : 0 });
    square = view.size === units.size ? whole : zoomedSquare(whole, view.size);
  }

  // Those numbers that are finer.
  const finest = ({ tile, detail }) => (detail && covers(detail, view) ? detail : tile);

  // The numbers to draw: those of the view, one for each pixel where there are more.
  function source(scene) {
    const tileShown = finest(scene);
    const pixels = Math.floor(square.side * Math.min(3, window.devicePixelRatio || 1));
    return view.size / tileShown.pool > pixels ? shrunk(tileShown, view, pixels) : tileShown;
  }

  function show(scene, ms) {
    painted = source(scene);
    picture.show(painted, scene.scale, scene.table, ms);
  }

  function draw(context, scene) {
    if (!painted) return;
    paintSquare(context, square, view, painted, picture.canvas, scene.hatches);
    const { query, key, labels: words } = scene;
    const isOnSink = scene.hover?.key === SINK;
    const hover = isOnSink ? null : scene.hover;
    drawAxes(context, square, view, {
      rows: { labels: words, chosen: query, hover: scene.hover?.query ?? null },
      columns: { labels: words, chosen: key, hover: hover?.key ?? null },
    }, scene.theme);
    drawMarks(context, square, view, { query, key, reach: scene.reach, hover }, scene.theme);
    if (!scene.tile.sinks) return;
    paintSinks(context, square, view, finest(scene), scene.scale, scene.table);
    markSinks(context, square, view, { chosen: scene.isSink ? query : null, hover: isOnSink ? scene.hover.query : null }, scene.theme);
  }

  // The cell under a point; beside the square, on a word of the left side, its row.
  function hit(scene, x, y) {
    if (!square) return null;
    const cell = cellAt(square, view, x, y) ?? onSink(scene.tile, square, view, x, y);
    if (cell) return cell;
    const row = x < square.left && cellAt(square, view, square.left + 1, y);
    return row ? { query: row.query, key: null } : null;
  }

  const middle = () => ({ row: view.row + view.size / 2, key: view.key + view.size / 2 });

  // Both say whether the view has changed.
  function zoom(scene, factor, x, y) {
    const at = x === undefined ? middle() : { row: view.row + (y - square.top) / square.cell, key: view.key + (x - square.left) / square.cell };
    return look(scene, zoomedView(view, scene.units.size, factor, at.row, at.key));
  }

  function pan(scene, dx, dy) {
    return look(scene, clampedView({ ...view, row: view.row - dy / square.cell, key: view.key - dx / square.cell }, scene.units.size));
  }

  function look(scene, next) {
    if (next.row === view.row && next.key === view.key && next.size === view.size) return false;
    view = next;
    square = view.size === scene.units.size ? whole : zoomedSquare(whole, view.size);
    return true;
  }

  return {
    layout, show, draw, hit, zoom, pan,
    whole: (scene) => look(scene, { row: 0, key: 0, size: scene.units.size }),
    // Moves the view so that a cell is in it.
    reveal(scene, query, key) {
      const start = (index, from) => (index === null ? from : Math.min(Math.max(from, index - view.size + 1), index));
      return look(scene, { ...view, row: start(query, view.row), key: start(key, view.key) });
    },
    isCovered: (detail) => covers(detail, view),
    get view() { return view; },
    get square() { return square; },
  };
}
