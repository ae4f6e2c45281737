// Every head as a point over two scores; dragging draws the frame, a click on nothing removes it.

import { shortText } from '../../page/draw/format.js';
import { METRICS, fullOf, isFound, valueOf } from '../heads/scored.js';
import { labelOf } from '../heads/badges.js';
import { colourOf, lookOf } from '../../page/layer_glyph.js';
import { svg } from '../svg.js';
import { placed, ticksOf } from './atlas_frame.js';

const EDGE = { left: 38, right: 14, top: 24, bottom: 36 };
const MARGIN = 0.03; // of an axis, beyond its ends
const LETTER = 7.6; // px, of a bold digit

// Where values lie on the screen, and back.
function scaleOf(width, height, x, y) {
  const [across, down] = [width - EDGE.left - EDGE.right, height - EDGE.top - EDGE.bottom];
  const share = (value, full) => (value / full + MARGIN) / (1 + 2 * MARGIN);
  const value = (part, full) => (part * (1 + 2 * MARGIN) - MARGIN) * full;
  return {
    x: (number) => EDGE.left + across * share(number, x),
    y: (number) => height - EDGE.bottom - down * share(number, y),
    toX: (left) => value((left - EDGE.left) / across, x),
    toY: (top) => value((height - EDGE.bottom - top) / down, y),
  };
}

export function createScatter(page, box) {
  const { store } = page;
  let scale = null;

  function axes(width, height, { x, y }, { up, across }) {
    const [right, bottom] = [width - EDGE.right, height - EDGE.bottom];
    return [
      ...ticksOf(x).flatMap((tick) => [
        svg('path', { class: 'line', d: `M${scale.x(tick)} ${EDGE.top}V${bottom}` }),
        svg('text', { x: scale.x(tick), y: bottom + 17, 'text-anchor': 'middle' }, String(tick)),
      ]),
      ...ticksOf(y).flatMap((tick) => [
        svg('path', { class: 'line', d: `M${EDGE.left} ${scale.y(tick)}H${right}` }),
        svg('text', { x: EDGE.left - 8, y: scale.y(tick) + 4, 'text-anchor': 'end' }, String(tick)),
      ]),
      svg('text', { x: right, y: height - 3, 'text-anchor': 'end' }, `${METRICS[across]} →`),
      svg('text', { x: 0, y: 13 }, `↑ ${METRICS[up]}`),
    ];
  }

  function mark({ kind, x, y, inside }) {
    const shape = svg('path', { d: lookOf(kind).mark, transform: `translate(${x} ${y})${inside ? ' scale(1.3)' : ''}`, class: inside ? 'in' : null });
    if (!inside) shape.style.fill = colourOf(kind);
    return shape;
  }

  // The 95 % interval of a mean over texts, along each axis.
  function interval({ layer, head }, { x, y }, intervals, { up, across }) {
    const ends = (metric) => ['low', 'high'].map((end) => intervals?.[metric]?.[end]?.[layer]?.[head] ?? null);
    const [[left, right], [low, high]] = [ends(across), ends(up)];
    const lines = [
      left === null || right === null ? '' : `M${scale.x(left)} ${y}H${scale.x(right)}`,
      low === null || high === null ? '' : `M${x} ${scale.y(low)}V${scale.y(high)}`,
    ].join('');
    return lines ? svg('path', { class: 'interval', d: lines }) : [];
  }

  // "L5H3, global: induction 0.71 (0.69 to 0.73)"
  function told({ name, kind, layer, head }, { scores, intervals }, { up, across }) {
    const one = (metric) => {
      const value = scores[metric]?.[layer]?.[head];
      const [low, high] = ['low', 'high'].map((end) => intervals?.[metric]?.[end]?.[layer]?.[head] ?? null);
      return `${METRICS[metric]} ${shortText(value)}${low === null ? '' : ` (95 %: ${shortText(low)} to ${shortText(high)})`}`;
    };
    return `${name}, ${kind}: ${[...new Set([up, across])].map(one).join(', ')}`;
  }

  function draw({ heads, inside, frame, scored, shown, up, across }) {
    const { scores, types, intervals } = scored;
    const { find } = store.selection;
    const [width, height] = [box.clientWidth, box.clientHeight];
    if (!width || !height) return;
    const full = { x: fullOf(scores, across), y: fullOf(scores, up) };
    scale = scaleOf(width, height, full.x, full.y);
    const chosen = new Set(inside.map(({ name }) => name));
    const points = heads.flatMap((head) => {
      const [x, y] = [valueOf(scores, across, head), valueOf(scores, up, head)];
      if (x === null || y === null) return [];
      const found = isFound(find, head, labelOf(types[head.layer]?.[head.head]));
      return [{ ...head, x: scale.x(x), y: scale.y(y), inside: chosen.has(head.name), found, shown: head.name === shown }];
    }).sort((a, b) => a.inside - b.inside || a.shown - b.shown);
    const bold = points.filter((point) => point.found && (point.inside || point.shown));
    const labels = bold.toSorted((a, b) => b.shown - a.shown || a.y - b.y).map((point) => ({
      ...point, x: point.x + (point.shown ? 14 : 9), width: LETTER * point.name.length, point,
    })).filter((label) => label.x + label.width < width);
    const drawn = points.map((point) => svg(
      'g', { 'data-head': point.name, class: 'point', opacity: point.found ? (point.inside || point.shown ? 1 : 0.62) : 0.12 },
      svg('title', {}, told(point, scored, { up, across })), interval(point, point, intervals, { up, across }), mark(point), point.shown ? svg('circle', { class: 'ring', cx: point.x, cy: point.y, r: 9 }) : [],
    ));
    const names = placed(labels, bold).map(({ x, y, name, shown: isShown }) => svg('text', { class: isShown ? 'name shown' : 'name', x, y: y + 4 }, name));
    const brush = frame ? [brushed(scale.x(frame.left), scale.y(frame.top), scale.x(frame.right), scale.y(frame.bottom))] : [];
    box.replaceChildren(svg('svg', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `Heads over ${METRICS[across]} and ${METRICS[up]}` }, axes(width, height, full, { up, across }), brush, drawn, names));
  }

  function brushed(left, top, right, bottom) {
    return svg('rect', { class: 'brush', x: left, y: top, width: Math.max(0, right - left), height: Math.max(0, bottom - top), rx: 3 });
  }

  function begin(event) {
    const head = event.target.closest('[data-head]');
    if (head) return store.select({ head: head.dataset.head });
    if (event.button !== 0 || !scale) return undefined;
    const { left, top } = box.getBoundingClientRect();
    const at = ({ clientX, clientY }) => ({ x: clientX - left, y: clientY - top });
    const start = at(event);
    const corners = (end) => [Math.min(start.x, end.x), Math.min(start.y, end.y), Math.max(start.x, end.x), Math.max(start.y, end.y)];
    box.setPointerCapture(event.pointerId);
    const move = (moved) => {
      box.querySelector('.brush')?.remove();
      box.firstChild.append(brushed(...corners(at(moved))));
    };
    const end = (ended) => {
      box.removeEventListener('pointermove', move);
      const [x0, y0, x1, y1] = corners(at(ended));
      const isDrag = x1 - x0 + y1 - y0 >= 8 && ended.type === 'pointerup';
      const frame = isDrag ? [scale.toX(x0), scale.toX(x1), scale.toY(y1), scale.toY(y0)].map((value) => Number(value.toFixed(3))) : 'none';
      if (ended.type === 'pointerup') store.select({ frame });
    };
    box.addEventListener('pointermove', move);
    box.addEventListener('pointerup', end, { once: true });
    box.addEventListener('pointercancel', end, { once: true });
    return undefined;
  }

  box.addEventListener('pointerdown', begin);
  return { draw };
}
