// The drawing "lines": each word twice, with a line from where it stands to what it looks at (BertViz's head view).

import { pill, trimmed } from '../../page/draw/canvas.js';
import { sinkOf } from '../../page/draw/sink.js';
import { roomyLabels } from '../../page/draw/layout.js';
import { SINK } from '../../page/selection.js';

const MOST_LINES = 1500; // of the other rows: more are one dark area
const FEW_LINES = 250; // more of them are drawn fainter
const ALWAYS_NAMED = 5; // keys of the chosen row, however little they get
const [WEAKEST, WEAKEST_CHOSEN] = [0.1, 0.004]; // shares of the scale below which no line is drawn
const [MANY, SHORT] = [80, 96]; // of many units the labels are short
const BARS = 150; // room of the bars of the chosen row
const TOP = 26;
const SINK_ROOM = 26; // of the learned sink, below the keys
const SINK_LABEL = 'learned sink';

// Where things lie: {left, right, row, bottom, Y(index)}; `Y(SINK)` is below the last key.
export function linesLayout({ width, height, units, tile, phone, labelRoom }) {
  const row = Math.min(phone ? 19 : 30, (height - TOP - 8 - (tile.sinks ? SINK_ROOM : 0)) / units.size);
  const bottom = TOP + units.size * row;
  return {
    left: labelRoom + (phone ? 4 : 34), right: width - labelRoom - (phone ? 8 : BARS), row, bottom,
    Y: (index) => (index === SINK ? bottom + SINK_ROOM / 2 : TOP + (index + 0.5) * row),
  };
}

// The strongest lines of all rows but one, weakest first: [{query, key, value, share}].
export function otherLines(tile, scale, without) {
  const found = [];
  const middle = (start, at) => start + (at + 0.5) * tile.pool - 0.5;
  const add = (query, key, value) => {
    const share = Math.abs(value) / scale.high;
    if (share >= WEAKEST && Math.round(query) !== without) found.push({ query, key, value, share });
  };
  for (let i = 0; i < tile.height; i += 1) {
    const query = middle(tile.row, i);
    for (let j = 0; j < tile.width; j += 1) {
      const at = i * tile.width + j;
      if (!tile.reasons[at]) add(query, middle(tile.key, j), tile.values[at]);
    }
    add(query, SINK, tile.sinks?.[i] ?? 0);
  }
  return found.sort((a, b) => a.share - b.share).slice(-MOST_LINES);
}

export function createLines() {
  let place = null;
  let others = { tile: null, scale: null, query: null, lines: [] };

  function layout(context, scene) {
    const { labels, width } = scene;
    context.font = scene.theme.font(scene.type);
    const least = scene.tile.sinks ? context.measureText(SINK_LABEL).width : 0;
    const longest = labels.reduce((most, label) => Math.max(most, label.width), least);
    const labelRoom = Math.min(longest, 0.2 * width, scene.units.size > MANY ? SHORT : Infinity) + (scene.phone ? 14 : 22);
    place = { ...linesLayout({ ...scene, labelRoom }), labelRoom };
  }

  function draw(context, scene) {
    const { tile, scale, theme, hover } = scene;
    const query = hover?.side === 'query' ? hover.query : scene.query;
    const line = scene.lineOf(query) ?? scene.row;
    if (others.tile !== tile || others.scale !== scale || others.query !== query) {
      others = { tile, scale, query, lines: otherLines(tile, scale, query) };
    }
    context.textBaseline = 'middle';
    head(context, scene);
    const { table } = scene;
    const thin = Math.min(1, FEW_LINES / others.lines.length);
    for (const { query: from, key, value, share } of others.lines) {
      stroke(context, from, key, table.css[Math.max(scale.kind === 'diverging' ? 0 : 82, scale.step(value))], thin * (0.07 + 0.2 * Math.min(1, share)), 0.8 + 2.6 * Math.min(1, share));
    }
    if (line) chosen(context, scene, query, line);
    context.globalAlpha = 1;
    words(context, scene, query, line, theme);
  }

  function head(context, { theme, phone, width }) {
    context.font = theme.font(14);
    context.fillStyle = theme.ink2;
    context.textAlign = 'right';
    context.fillText('looks', place.left - 8, 10);
    context.textAlign = phone ? 'right' : 'left';
    context.fillText('is looked at', phone ? width - 10 : place.right + 10, 10);
  }

  function stroke(context, from, to, colour, alpha, thick) {
    const { left, right, Y } = place;
    const bend = (left + right) / 2;
    context.globalAlpha = alpha;
    context.strokeStyle = colour;
    context.lineWidth = thick;
    context.beginPath();
    context.moveTo(left, Y(from));
    context.bezierCurveTo(bend, Y(from), bend, Y(to), right, Y(to));
    context.stroke();
  }

  function chosen(context, { scale, table, theme }, query, { values, reasons, sink }) {
    const draw = (key, value) => {
      const share = Math.abs(value) / scale.high;
      if (!(share >= WEAKEST_CHOSEN)) return;
      const colour = scale.kind === 'diverging' ? table.css[scale.step(value)] : theme.accent;
      stroke(context, query, key, colour, Math.min(1, 0.4 + 1.2 * share), 1.2 + 10 * Math.min(1, share));
    };
    for (let key = 0; key < values.length; key += 1) if (!reasons[key]) draw(key, values[key]);
    draw(SINK, sink ?? 0);
  }

  function words(context, scene, query, line, theme) {
    const { units, labels, type } = scene;
    const size = Math.max(11, Math.min(type, Math.max(13, place.row - 3)));
    const apart = size * 1.05;
    const total = sums(labels, line);
    const sizes = total.map((sum) => Math.abs(sum) || 0);
    const least = Math.min(0.1 * scene.scale.high, [...sizes].sort((a, b) => b - a)[ALWAYS_NAMED] ?? Infinity);
    const strong = labels.filter((_, at) => sizes[at] > least);
    const near = (label, others) => others.some((other) => other !== label && Math.abs(label.from + label.to - other.from - other.to) / 2 * place.row < apart);
    const roomy = roomyLabels(labels, 0, units.size, place.row, apart);
    const isChosen = ({ from, to }) => query >= from && query < to;
    const middle = ({ from, to }) => (place.Y(from) + place.Y(to - 1)) / 2;
    const own = labels.filter(isChosen);
    for (const label of [...roomy.filter((each) => !near(each, own)), ...own]) left(context, scene, label, middle(label), isChosen(label), size);
    labels.forEach((label, at) => {
      const isStrong = strong.includes(label);
      if (!isStrong && (!roomy.includes(label) || near(label, strong))) return;
      right(context, scene, label, middle(label), { isStrong, sum: total[at], size });
    });
    if (!scene.tile.sinks) return;
    const sum = line?.sink ?? sinkOf(scene.tile, query) ?? NaN;
    right(context, scene, { from: 0, to: 1, text: SINK_LABEL }, place.Y(SINK), { isStrong: scene.isSink || Math.abs(sum) > least, sum, size });
  }

  function left(context, { theme }, { from, to, text }, y, isChosen, size) {
    context.font = theme.font(size, isChosen ? 700 : 400);
    bracket(context, place.left - 5.5, from, to, isChosen ? theme.accent : theme.line2);
    const shown = trimmed(context, text, place.labelRoom);
    context.save();
    context.translate(place.left - 12, y);
    if (isChosen) {
      pill(context, shown, 'right', size, theme.accent, theme.accentInk);
    } else {
      context.textAlign = 'right';
      context.fillStyle = theme.ink2;
      context.fillText(shown, 0, 0);
    }
    context.restore();
  }

  function right(context, { theme, phone, scale, table, format }, { from, to, text }, y, { isStrong, sum, size }) {
    bracket(context, place.right + 5.5, from, to, theme.line2);
    context.font = theme.font(size, isStrong ? 700 : 400);
    context.textAlign = 'left';
    context.fillStyle = isStrong ? theme.ink : theme.ink2;
    context.fillText(trimmed(context, text, place.labelRoom), place.right + 10, y);
    if (phone || Number.isNaN(sum)) return;
    const [start, room] = [place.right + place.labelRoom + 2, 84];
    context.fillStyle = theme.panel2;
    context.fillRect(start, y - 4, room, 8);
    context.fillStyle = scale.kind === 'diverging' ? table.css[scale.step(sum)] : theme.accent;
    context.fillRect(start, y - 4, Math.max(1, room * Math.min(1, Math.abs(sum) / scale.high)), 8);
    if (Math.abs(sum) < 0.01 * scale.high) return;
    context.font = theme.font(Math.min(14, size + 1), isStrong ? 700 : 400);
    context.fillStyle = isStrong ? theme.ink : theme.ink2;
    context.fillText(format(sum), start + room + 8, y);
  }

  function bracket(context, x, from, to, colour) {
    if (to - from < 2 || place.row < 4) return;
    context.strokeStyle = colour;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(x, place.Y(from) - place.row * 0.3);
    context.lineTo(x, place.Y(to - 1) + place.row * 0.3);
    context.stroke();
  }

  // On the left half a query, on the right half a key of the chosen query.
  function hit(scene, x, y) {
    if (scene.tile.sinks && y > place.bottom && x > (place.left + place.right) / 2) return { query: scene.query, key: SINK, side: 'key' };
    const index = Math.floor((y - TOP) / place.row);
    if (index < 0 || index >= scene.units.size) return null;
    return x < (place.left + place.right) / 2 ? { query: index, key: null, side: 'query' } : { query: scene.query, key: index, side: 'key' };
  }

  return { layout, draw, hit, get needed() { return TOP + 8; } };
}

// What each word gets of a row: the sum over its tokens, NaN where the row has none of them.
function sums(labels, line) {
  return labels.map(({ from, to }) => {
    let total = NaN;
    for (let index = from; line && index < to; index += 1) {
      if (!line.reasons[index]) total = (Number.isNaN(total) ? 0 : total) + line.values[index];
    }
    return total;
  });
}
