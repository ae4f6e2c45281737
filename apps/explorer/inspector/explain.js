// What the inspector shows of a cell, before and after what was changed: the one number, five stages, the row. Pure.

import { valueText } from '../../page/draw/format.js';
import { probabilityWords } from '../../page/forecast.js';
import { SINK } from '../../page/selection.js';
import { percent } from './numbers.js';
import { HIDDEN, MOVED, moved, where } from './sentence.js';

const LABELS = { attn_logits: 'Raw', attn_scores: 'Softcap', attn_masked: 'Mask', attn_probs: 'Probability', contribution: 'Contribution' };

// {was: text or null, now: text, hidden: whether a reason stands where the number would}
export function headline(cell, after) {
  const text = (one) => (one.hidden ? HIDDEN[one.hidden] : probabilityWords(one.values.attn_probs));
  const now = after ?? cell;
  const changed = after && (cell.hidden !== after.hidden || (!cell.hidden && moved(cell, after)));
  return { was: changed ? text(cell) : null, now: text(now), hidden: now.hidden !== null };
}

// Of each stage that is known {name, label, text, note: string or list of strings and {lowered}, bar: {left, width} in percent or null, signed}.
export function stages(cell, after) {
  const now = after ?? cell;
  return Object.entries(LABELS).filter(([name]) => !now.stages || now.stages.includes(name)).map(([name, label]) => {
    const changed = after && differs(cell, after, name);
    return {
      name, label, text: shown(now, name), signed: SIGNED.has(name), bar: barOf(now, name),
      note: cell.key === SINK ? SINK_NOTES[name](now) : changed ? `was ${shown(cell, name)}${name === 'contribution' && !cell.hidden ? `, ${rowShare(cell)}` : ''}` : NOTES[name](now),
    };
  });
}

// The row, largest first: `count` of {key, prob, contribution, was}, the chosen key always among them; `was` is the
// probability before the change where that was another.
export function ranked(cell, after, count) {
  const now = after ?? cell;
  const before = new Map(after ? cell.row.map(({ key, prob }) => [key, prob]) : []);
  const item = ({ key, prob, contribution }) => {
    const was = before.get(key) ?? null;
    return { key, prob, contribution, was: was !== null && Math.abs(was - prob) > MOVED ? was : null };
  };
  const rows = now.row.slice(0, count).map(item);
  if (now.hidden || rows.some(({ key }) => key === now.key)) return rows;
  const { attn_probs: prob, contribution } = now.values;
  return [...rows.slice(0, count - 1), item({ key: now.key, prob, contribution })];
}

const SIGNED = new Set(['attn_logits', 'attn_scores', 'attn_masked']);

function differs(cell, after, name) {
  const [a, b] = [cell.values[name], after.values[name]];
  if (a === null || b === null) return a !== b;
  return Math.abs(a - b) > 1e-6 * Math.max(1, Math.abs(a));
}

function shown({ values }, name) {
  const value = values[name];
  if (value === null) return name === 'attn_masked' ? '−∞' : SIGNED.has(name) ? '–' : '0';
  return name === 'attn_probs' ? probabilityWords(value) : valueText(value);
}

function barOf({ values, largest }, name) {
  const value = values[name];
  if (value === null) return null;
  if (name === 'attn_probs') return { left: 0, width: 100 * value };
  const share = largest[name] ? Math.min(1, Math.abs(value) / largest[name]) : 0;
  if (!SIGNED.has(name)) return { left: 0, width: 100 * share };
  return { left: value < 0 ? 50 - 50 * share : 50, width: 50 * share };
}

const rowShare = (cell) => `${percent(cell.share)} of its row`;

// "<1 %" where "less than 1 %" would be cut.
const brief = (share) => percent(share).replace('less than ', '<').replace('over ', '>');

const SINK_NOTES = {
  attn_logits: () => 'learned, the same for every query',
  attn_scores: () => 'no cap bends a sink',
  attn_masked: () => 'no mask hides a sink',
  attn_probs: (cell) => `what the ${cell.visible === 1 ? '1 key' : `${cell.visible} keys`} of the row leave: rank ${cell.rank}`,
  contribution: () => 'a sink has no value: it writes nothing',
};

const NOTES = {
  attn_logits: ({ values, scale }) => `q·k = ${Number((values.attn_logits / scale).toPrecision(3))}, times ${Number(scale.toPrecision(3))}`,
  attn_scores({ values, softcap }) {
    if (softcap === null) return 'this layer has no cap';
    const lost = Math.abs(values.attn_logits) - Math.abs(values.attn_scores);
    if (lost < 0.0005) return `tanh at ${softcap} takes nothing off`;
    return values.attn_logits > 0 ? `tanh at ${softcap} takes ${lost.toFixed(3)} off` : `tanh at ${softcap} brings it ${lost.toFixed(3)} closer to 0`;
  },
  attn_masked(cell) {
    if (cell.hidden === 'outside_window') return `hidden: ${where(cell)}, window ${cell.window}`;
    if (cell.hidden) return `hidden: ${HIDDEN[cell.hidden]}`;
    return `visible: ${where(cell)}, ${cell.window === null ? `${cell.kind} layer` : `window ${cell.window}`}`;
  },
  attn_probs: ({ hidden, visible, rank, sink }) => (hidden ? 'a hidden key gets nothing'
    : `softmax over ${visible === 1 ? '1 key' : `${visible} keys`}${sink ? ` and the sink (${brief(sink)})` : ''}: rank ${rank}`),
  contribution(cell) {
    if (cell.hidden) return 'a hidden key writes nothing';
    if (cell.off) return 'the head is off: it writes nothing of it';
    return [`length ${valueText(cell.length)} of W`, { lowered: 'O' }, `v; ${rowShare(cell)}`];
  },
};
