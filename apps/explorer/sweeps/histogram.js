// A histogram of one statistic of a head over all queries of a sweep, with the value of the text on screen.

import { shortText } from '../../page/draw/format.js';
import { svg } from '../svg.js';
import { barsOf, placeIn } from './bins.js';

const [TALL, TOP, BARS, LETTER] = [84, 8, 52, 7.2]; // px

// `unit`: how its values are counted; `name`: what the statistic is called.
export function drawHistogram({ edges, counts }, { name, unit, ticks, here, mean, width }) {
  const { bars, all, last } = barsOf(counts);
  const wide = width / last;
  const x = (value) => wide * Math.min(last, placeIn(edges, value));
  const most = Math.max(...bars, 1);
  const line = (value, kind) => (value === null ? [] : [svg('line', { class: kind, x1: x(value), x2: x(value), y1: TOP - 4, y2: TOP + BARS })]);
  const about = `${name} of ${all.toLocaleString('en')} queries, mean ${mean === null ? 'unknown' : shortText(mean)} ${unit}${here === null ? '' : `, in this text ${shortText(here)}`}`;
  const labels = [];
  for (const tick of ticks.filter((value) => placeIn(edges, value) <= last)) {
    const at = x(tick);
    if (labels.length && at - labels.at(-1).at < LETTER * (String(tick).length + 1.5)) continue;
    labels.push({ at, tick });
  }
  return svg(
    'svg', { class: 'bins', width, height: TALL, viewBox: `0 0 ${width} ${TALL}`, role: 'img', 'aria-label': about },
    svg('title', {}, about),
    bars.slice(0, last).map((count, at) => svg('rect', { x: at * wide, y: TOP + BARS - (BARS * count) / most, width: Math.max(0.5, wide - 1), height: (BARS * count) / most })),
    svg('line', { class: 'base', x1: 0, x2: width, y1: TOP + BARS, y2: TOP + BARS }),
    line(mean, 'mean'), line(here, 'here'),
    labels.map(({ at, tick }) => svg('text', { x: at, y: TALL - 6, 'text-anchor': at < 8 ? 'start' : 'middle' }, String(tick))),
  );
}
