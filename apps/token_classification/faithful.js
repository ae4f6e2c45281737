// How far the log-odds fall when the tokens that gradients rank highest are blanked, against random ones.

const SPACE = 'http://www.w3.org/2000/svg';
const [LEFT, RIGHT, BOTTOM, TOP] = [30, 78, 38, 14];
const [LEAST, MOST, STACKED] = [96, 220, 150];
const APART = 36; // two labels at the end of the lines

function s(tag, attributes, ...children) {
  const element = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const brief = (drop) => `${drop < 0 ? '−' : ''}${Math.abs(drop).toFixed(1)}`;

// `rows`: [percent, tokens, of, drop, random mean, 10 %, 90 %]; as high as is left in `column`.
export function drawFaithful(box, rows, column, sentence) {
  box.replaceChildren();
  const isStacked = window.matchMedia('(max-width: 900px)').matches;
  const free = column.getBoundingClientRect().bottom - box.getBoundingClientRect().top - 16;
  const height = isStacked ? STACKED : Math.round(Math.max(LEAST, Math.min(MOST, free)));
  const width = box.clientWidth;
  if (!width) return;
  const [low, high] = [Math.min(0, ...rows.flatMap((row) => [row[3], row[5]])), Math.max(0.1, ...rows.flatMap((row) => [row[3], row[6]]))];
  const x = rows.map((_, at) => LEFT + 8 + ((width - LEFT - RIGHT - 8) * at) / (rows.length - 1));
  const y = (value) => TOP + (height - TOP - BOTTOM) * (1 - (value - low) / (high - low));
  const path = (at) => rows.map((row, index) => `${index ? 'L' : 'M'}${x[index]} ${y(row[at])}`).join('');
  const band = path(6) + [...rows.keys()].reverse().map((index) => `L${x[index]} ${y(rows[index][5])}`).join('') + 'Z';
  const end = width - RIGHT + 6;
  const rule = (value, colour) => s('path', { d: `M${LEFT} ${y(value)}H${end}`, stroke: colour });
  const number = (value) => s('text', { x: LEFT - 8, y: y(value) + 4, 'text-anchor': 'end' }, String(value));
  const top = Math.floor(high);
  const ticks = top > 0 ? [rule(top, 'var(--line)'), number(top)] : [];
  const last = rows.at(-1);
  let [ours, random] = [y(last[3]), y(last[4])];
  if (Math.abs(ours - random) < APART) {
    const [middle, side] = [(ours + random) / 2, ours <= random ? -APART / 2 : APART / 2];
    [ours, random] = [middle + side, middle - side];
  }
  const above = Math.max(0, TOP + 4 - Math.min(ours, random));
  [ours, random] = [ours + above, random + above];
  const below = rows.flatMap(([percent, tokens, of], at) => {
    const isLast = at === rows.length - 1;
    return [[`${percent}${isLast ? ' %' : ''}`, height - 20], [`${tokens}${isLast ? ` of ${of}` : ''}`, height - 4]].map(([text, place]) => s('text', { x: x[at], y: place, 'text-anchor': 'middle' }, text));
  });
  const named = (name, value, place, className) => [s('text', { x: end + 4, y: place - 2, class: className }, name), s('text', { x: end + 4, y: place + 14 }, brief(value))];
  box.append(s('svg', { class: 'faith', role: 'img', 'aria-label': sentence, height, width, viewBox: `0 0 ${width} ${height}` },
    s('title', {}, sentence), s('path', { d: band, fill: 'var(--panel2)' }), rule(0, 'var(--line2)'), number(0), ...ticks,
    s('path', { d: path(4), fill: 'none', stroke: 'var(--ink2)', 'stroke-width': 1.5, 'stroke-dasharray': '4 3' }),
    s('path', { d: path(3), fill: 'none', stroke: 'var(--accent)', 'stroke-width': 2.5 }),
    ...rows.map((row, at) => s('circle', { cx: x[at], cy: y(row[3]), r: 3.5, fill: 'var(--accent)' })),
    ...below, ...named('gradients', last[3], ours, 'k'), ...named('random', last[4], random, '')));
}
