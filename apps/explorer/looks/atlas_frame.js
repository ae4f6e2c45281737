// The frame of the atlas: which heads lie in it, and that in words. Pure.

import { fullOf, kindBy, valueOf } from '../heads/scored.js';

const STRONGEST = 0.05; // of the heads, where none reaches a badge

// {left, right, bottom, top} in the units of the scores; null is no frame. Where the reader has drawn none, it holds the
// heads that reach the badge of the score that goes up, and not the badge of the one that goes right; or the strongest.
export function frameOf({ frame, up, across }, { kinds, scores }) {
  if (frame === 'none') return null;
  if (frame) return { left: frame[0], right: frame[1], bottom: frame[2], top: frame[3] };
  const [high, wide] = [kindBy(kinds, up), kindBy(kinds, across)];
  const [full, most] = [fullOf(scores, across), fullOf(scores, up)];
  const all = { left: -0.02 * full, right: 1.02 * full, top: 1.02 * most };
  const values = scores[up].flat().filter((value) => value !== null).sort((a, b) => b - a);
  if (high && values[0] >= high.threshold) return { ...all, right: wide && up !== across ? wide.threshold : all.right, bottom: high.threshold };
  return { ...all, bottom: values[Math.max(0, Math.round(STRONGEST * values.length) - 1)] };
}

export function framed(frame, heads, scores, { up, across }) {
  if (!frame) return [];
  return heads.filter((head) => {
    const [x, y] = [valueOf(scores, across, head), valueOf(scores, up, head)];
    return x !== null && y !== null && x >= frame.left && x <= frame.right && y >= frame.bottom && y <= frame.top;
  }).sort((a, b) => valueOf(scores, up, b) - valueOf(scores, up, a));
}

// ": 9 in global layers, 8 in local ones", or ", all in global layers".
export function byKind(heads) {
  const counts = new Map();
  for (const { kind } of heads) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  if (counts.size === 1) return `, ${heads.length > 1 ? 'all ' : ''}in ${heads.length > 1 ? '' : 'a '}${heads[0].kind} layer${heads.length > 1 ? 's' : ''}`;
  const parts = [...counts].sort((a, b) => b[1] - a[1]);
  return parts.map(([kind, count], at) => `${at ? ', ' : ': '}${count} in ${kind} ${at ? 'ones' : 'layers'}`).join('');
}

// Where most of the heads lie: the layers between the fifth from below and the fifth from above.
export function mostLie(heads) {
  if (!heads.length) return 'No head lies in the frame.';
  const layers = heads.map(({ layer }) => layer).sort((a, b) => a - b);
  const [first, last] = [layers[Math.floor(0.2 * layers.length)], layers[Math.floor(0.8 * (layers.length - 1))]];
  if (layers[0] === layers.at(-1)) return `${heads.length > 1 ? 'All lie' : 'It lies'} in layer ${first}.`;
  return first >= last ? `Most lie in layer ${first}.` : `Most lie in layers ${first} to ${last}.`;
}

// Round values from 0 up to `full` at which an axis is labelled.
export function ticksOf(full) {
  const rough = full / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((each) => each * power >= rough * 0.999);
  return Array.from({ length: Math.floor(full / step + 1e-9) + 1 }, (_, at) => Number((at * step).toPrecision(6)));
}

// Of labels {x, y, width, ...} in order, those that touch none that was placed before, nor a point of `points`.
export function placed(labels, points, height = 17) {
  const kept = [];
  for (const label of labels) {
    const touches = (other) => Math.abs(other.y - label.y) < height && label.x < other.x + other.width + 4 && other.x < label.x + label.width + 4;
    const covers = (point) => point.name !== label.name && Math.abs(point.y - label.y) < 9 && point.x > label.x - 6 && point.x < label.x + label.width + 6;
    if (!kept.some(touches) && !points.some(covers)) kept.push(label);
  }
  return kept;
}

// The scores of all heads as a CSV file.
export function csvOf(heads, { scores, types }) {
  const metrics = Object.keys(scores);
  const rows = heads.map((head) => [head.layer, head.head, head.kind, types[head.layer]?.[head.head] ?? '', ...metrics.map((metric) => valueOf(scores, metric, head) ?? '')]);
  return [['layer', 'head', 'kind', 'type', ...metrics], ...rows].map((row) => `${row.join(',')}\n`).join('');
}
