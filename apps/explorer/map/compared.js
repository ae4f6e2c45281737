// Pinned heads side by side: two with their difference, their scores and how much they look at the same; or up to four.

import { h, put } from '../../page/dom.js';
import { latest } from '../../page/ask.js';
import { drawMarks } from '../../page/draw/axes.js';
import { cellAt, wholeCell } from '../../page/draw/layout.js';
import { cellBytes, paintSquare, pictureOf, shrunk } from '../../page/draw/paint.js';
import { createScale, largestOf } from '../../page/draw/scale.js';
import { BESIDE, markSinks, nameSinks, onSink, paintSinks, sinkOf } from '../../page/draw/sink.js';
import { SINK, headOf } from '../../page/selection.js';
import { METRICS, fullOf, metricsOf, valueOf } from '../heads/scored.js';
import { kindOf } from './title.js';

const [TITLE, GAP, ACROSS] = [30, 14, 36];
const SCORES = 4;

// Squares of `count` maps of `size` cells, each with `beside` pixels free on its right: [{left, top, side, cell, gap}], and
// the free quarter beside three of them.
export function squaresIn({ width, height, size, count, phone, beside = 0 }) {
  const pad = phone ? 12 : 20;
  const columns = phone ? 1 : 2;
  const wide = (phone ? width - 2 * pad : (width - 2 * pad - ACROSS) / 2) - beside;
  const high = phone ? Infinity : (height - 2 * TITLE - GAP - 2) / 2;
  const cell = wholeCell(Math.max(24, Math.min(wide, high)), size);
  const side = cell * size;
  const start = phone ? pad : Math.round((width - 2 * (side + beside) - ACROSS) / 2);
  const place = (index) => ({
    left: start + (index % columns) * (side + beside + ACROSS), top: TITLE + Math.floor(index / columns) * (side + GAP + TITLE),
    side, cell, gap: cell >= 9 ? 1 : 0,
  });
  return { squares: Array.from({ length: count }, (_, index) => place(index)), free: place(3) };
}

const at = (name) => [headOf(name).layer, headOf(name).head];

export function createCompared(page) {
  const scores = h('div', { class: 'scores' });
  const asked = latest();
  const overlaps = new Map(); // answers by run and heads
  let parts = []; // {name, letter, tile, scale, table, picture, painted, square}
  let free = null;

  // scene, with tiles {A, B, ...} and, of two, `minus`.
  function layout(scene, names, tiles, palette) {
    const { look, units, width, height, phone } = scene;
    const view = { row: 0, key: 0, size: units.size };
    const largest = Math.max(...names.map((name) => largestOf(tiles[name])));
    const common = createScale(look, largest, scene.options);
    const shown = names.map((name, index) => ({ name, letter: 'ABCD'[index], tile: tiles[name], scale: common, about: `${name} · ${kindOf(scene.run, name)}` }));
    if (tiles.minus) {
      const scale = createScale(look, largestOf(tiles.minus), { difference: true });
      shown.push({ name: 'minus', letter: 'A − B', tile: tiles.minus, scale, about: 'red: A more · blue: B more' });
    }
    const placed = squaresIn({ width, height, size: units.size, count: shown.length, phone, beside: tiles[names[0]].sinks ? BESIDE : 0 });
    free = tiles.minus && !phone ? placed.free : null;
    parts = shown.map((part, index) => {
      const square = placed.squares[index];
      const pixels = Math.floor(square.side * Math.min(3, window.devicePixelRatio || 1));
      const painted = view.size / part.tile.pool > pixels ? shrunk(part.tile, view, pixels) : part.tile;
      const table = palette.table(part.scale);
      return { ...part, square, table, painted, picture: pictureOf(cellBytes(painted, part.scale, table), painted.width, painted.height) };
    });
    tellScores(scene, names);
    return { scale: common, table: palette.table(common) };
  }

  function draw(context, scene) {
    const { theme, units, hatches, query, key, hover, look } = scene;
    const view = { row: 0, key: 0, size: units.size };
    const isOnSink = hover?.key === SINK;
    const cursor = !hover || isOnSink ? { query, key } : hover;
    const sinks = { chosen: scene.isSink ? query : null, hover: isOnSink ? hover.query : null, isNamed: false };
    for (const { letter, about, square, tile, scale, table, painted, picture, name } of parts) {
      paintSquare(context, square, view, painted, picture, hatches);
      title(context, letter, about, square, theme, name !== 'minus');
      const reach = [0, look.masked && scene.causal ? cursor.query + 1 : units.size];
      drawMarks(context, square, view, { ...cursor, reach, hover: null }, theme);
      if (!tile.sinks) continue;
      if (name !== 'minus') nameSinks(context, square, theme);
      paintSinks(context, square, view, tile, scale, table);
      markSinks(context, square, view, sinks, theme);
    }
  }

  function title(context, letter, about, { left, top }, theme, isHead) {
    context.textBaseline = 'alphabetic';
    context.textAlign = 'left';
    context.font = theme.font(16, 700);
    context.fillStyle = isHead ? theme.accent : theme.ink;
    context.fillText(letter, left, top - 11);
    const { width } = context.measureText(letter);
    context.font = theme.font(14);
    context.fillStyle = theme.ink2;
    context.fillText(about, left + width + 10, top - 11);
  }

  function tellScores({ run }, names) {
    scores.hidden = !free;
    if (!free) return;
    const { left, top, side } = free;
    Object.assign(scores.style, { left: `${left}px`, top: `${top - TITLE}px`, width: `${side}px`, height: `${side + TITLE}px` });
    const metrics = metricsOf(run.scores ?? {}).slice(0, SCORES);
    const shared = h('div', { class: 'shared' });
    put(
      scores, h('h3', {}, 'Scores', h('b', {}, names[0]), h('span', {}, `against ${names[1]}`)),
      metrics.map((metric) => h('div', { class: 'metric' }, h('span', {}, METRICS[metric]), h('div', {}, names.map((name) => bar(run.scores, metric, name))))),
      shared,
    );
    tellOverlap(run, names, shared);
  }

  function bar(scores, metric, name) {
    const value = valueOf(scores, metric, headOf(name));
    const share = (value ?? 0) / fullOf(scores, metric);
    return h('div', { class: 'pair' }, h('div', { class: 'track' }, h('i', { style: { width: `${100 * share}%` } })), h('span', {}, value === null ? '–' : value.toFixed(2)));
  }

  async function tellOverlap(run, names, box) {
    const key = [run.id, ...names].join();
    const show = (overlap) => put(box, h('b', {}, overlap.toFixed(2)), h('span', {}, 'of their attention falls on the same cells'));
    if (!overlaps.has(key)) overlaps.set(key, await asked.ask('overlap', { run: run.id, first: at(names[0]), second: at(names[1]) }));
    show(overlaps.get(key));
  }

  function hit(scene, x, y) {
    const view = { row: 0, key: 0, size: scene.units.size };
    return parts.map(({ square, tile }) => cellAt(square, view, x, y) ?? onSink(tile, square, view, x, y)).find(Boolean) ?? null;
  }

  // Values of a cell in each map, for the tooltip.
  const valuesAt = (cellOf, { query, key }) => parts.map(({ letter, tile }) => (
    { letter, ...(key === SINK ? { value: sinkOf(tile, query) ?? NaN } : cellOf(tile, query, key)) }
  ));

  return {
    box: scores, layout, draw, hit, valuesAt,
    // Of two heads their difference is drawn too.
    height: ({ units, width }, count) => (count === 2 ? 3 : count) * (units.size * wholeCell(width - 24, units.size) + TITLE + GAP) + 10,
  };
}
