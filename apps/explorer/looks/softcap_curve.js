// The curve s = c tanh(a / c) with the logits of the chosen head on it; accent beyond the cap; the farthest is named.

import { h, put } from '../../page/dom.js';
import { island } from '../../page/draw/format.js';
import { svg } from '../svg.js';

const [LEFT, RIGHT, TOP, BOTTOM] = [44, 16, 8, 34]; // px around the drawing
const STEPS = 160;
const APART = 24; // px

// Round numbers about `count` of which fit into a range.
function ticksIn(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(6)));
}

const signed = (value) => String(value).replace('-', '−');
const one = (value) => signed(value.toFixed(1));

export function createCurve(page, box) {
  const tip = h('p', { class: 'live' });
  const holder = h('div', { class: 'drawn' });
  put(box, holder, tip);

  // What is drawn lies between these; the y-range follows the cap, so that the bend is always large.
  function rangesOf({ softcap, dots, farthest }) {
    const far = Math.max(1, Math.abs(farthest[2]), ...dots.map(([, , raw]) => Math.abs(raw)));
    const wide = far * 1.14;
    return { wide, tall: softcap === null ? wide : Math.min(1.22 * softcap, wide) };
  }

  function draw(logits) {
    const [width, height] = [box.clientWidth, box.clientHeight];
    if (!width || !height) return;
    const { softcap: cap } = logits;
    const { wide, tall } = rangesOf(logits);
    const x = (raw) => LEFT + ((raw + wide) / (2 * wide)) * (width - LEFT - RIGHT);
    const y = (capped) => TOP + ((tall - capped) / (2 * tall)) * (height - TOP - BOTTOM);
    const line = (from, to, name) => svg('line', { x1: from[0], y1: from[1], x2: to[0], y2: to[1], class: name });
    const label = (text, at, name = '', anchor = 'middle') => svg('text', { x: at[0], y: at[1], class: name, 'text-anchor': anchor }, text);
    const grid = [
      ...ticksIn(-wide, wide, width < 480 ? 5 : 8).flatMap((tick) => [line([x(tick), y(tall)], [x(tick), y(-tall)], 'grid'), label(signed(tick), [x(tick), height - BOTTOM + 17])]),
      ...ticksIn(-tall, tall, 7).flatMap((tick) => [line([x(-wide), y(tick)], [x(wide), y(tick)], 'grid'), ...(cap !== null && cap <= tall && Math.abs(Math.abs(tick) - cap) < 0.09 * tall ? [] : [label(signed(tick), [LEFT - 8, y(tick) + 5], '', 'end')])]),
    ];
    const ends = cap === null || cap > tall ? [] : [1, -1].flatMap((sign) => [line([x(-wide), y(sign * cap)], [x(wide), y(sign * cap)], 'cap'), label(signed(sign * cap), [LEFT - 8, y(sign * cap) + 5], 'cap', 'end')]);
    const capped = (raw) => (cap === null ? raw : cap * Math.tanh(raw / cap));
    const reach = Math.min(wide, tall);
    const points = Array.from({ length: STEPS + 1 }, (_, index) => -wide + (2 * wide * index) / STEPS);
    const curve = points.map((raw, index) => `${index ? 'L' : 'M'}${x(raw).toFixed(1)} ${y(capped(raw)).toFixed(1)}`).join('');
    // Where the curve runs along the line, the name of the line would lie on the curve.
    const isApart = cap !== null && y(capped(0.94 * reach)) - y(0.94 * reach) > APART;
    const dotted = (beyond) => logits.dots.filter(([, , raw]) => (cap !== null && Math.abs(raw) > cap) === beyond).map(([, , raw, score]) => `M${x(raw).toFixed(1)} ${y(score).toFixed(1)}h0`).join('');
    put(holder, svg('svg', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': said(logits) }, [
      ...grid, ...ends,
      ...(cap === null ? [] : [line([x(-reach), y(-reach)], [x(reach), y(reach)], 'plain')]),
      ...(isApart ? [label('no cap', [x(0.94 * reach) - 10, y(0.94 * reach) + 5], '', 'end')] : []),
      svg('path', { d: curve, class: 'curve' }),
      svg('path', { d: dotted(false), class: 'dots' }), svg('path', { d: dotted(true), class: 'dots beyond' }),
      label('after the cap, s', [LEFT + 6, TOP + 14], '', 'start'), label('raw logit a', [width - RIGHT, height - 2], '', 'end'),
      ...farthest(logits, x, y),
    ]));
  }

  // Named beside the curve, where there is room: over or under its flat end, else on its open side.
  function farthest({ farthest: [query, key, raw, score], softcap }, x, y) {
    const at = [x(raw), y(score)];
    const sign = raw < 0 ? -1 : 1;
    const isFlat = softcap !== null && Math.abs(raw) > softcap;
    const right = isFlat ? -sign * 6 : -sign * 20;
    const first = Math.max(TOP + 14, at[1] + (isFlat ? (sign < 0 ? -50 : 30) : sign < 0 ? 4 : -16));
    const { readable } = page.store.data.run;
    const name = (position) => `${island(readable[position]?.text ?? '')} ${position}`;
    const text = (words, down, kind) => svg('text', { x: at[0] + right, y: first + down, 'text-anchor': sign < 0 ? 'start' : 'end', class: kind }, words);
    return [
      svg('circle', { cx: at[0], cy: at[1], r: 7, class: 'far' }),
      text(`${name(query)} → ${name(key)}`, 0, 'halo'), text(`${one(raw)} → ${one(score)}`, 19, 'halo strong'),
    ];
  }

  const said = ({ softcap, cells, beyond, farthest: [query, key, raw, score] }) => (
    `${cells} logits${softcap === null ? ', no cap' : `, ${beyond} beyond the cap of ${softcap}`}; the farthest, from ${query} to ${key}, goes from ${one(raw)} to ${one(score)}`
  );

  return { draw };
}
