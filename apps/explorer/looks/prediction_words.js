// The lens in words and numbers. Pure.

import { briefText, valueText } from '../../page/draw/format.js';

export const QUANTITIES = {
  probability: { label: 'Top token', legend: 'probability; bold: its final answer' },
  chosen_probability: { label: 'Followed', legend: 'probability of the followed token' },
  rank: { label: 'Rank', legend: '1 / rank of the followed token; bold: first' },
  entropy: { label: 'Entropy', legend: 'entropy in nats' },
};

export const rowName = (row) => (row ? `layer ${row - 1}` : 'embedding');
const theRow = (row) => (row ? rowName(row) : 'the embedding');
const capital = (text) => text[0].toUpperCase() + text.slice(1);

// "0.90", "0.008", "4e−5": a probability as a cell has room for it.
export function shareText(value) {
  if (value >= 0.01 || value === 0) return value.toFixed(2);
  return value >= 0.001 ? value.toFixed(3) : value.toExponential(0).replace('-', '−');
}

// "+4.65", "−0.91", "0.00"
export const signedText = (value) => (Math.abs(value) < 0.005 ? '0.00' : `${value > 0 ? '+' : ''}${briefText(value)}`);

// What a cell shows: {token or text, small, share of the colour scale, bold}. `most` is the largest entropy.
export function cellOf({ followed, rows }, row, quantity, most) {
  const { top, entropy, rank, followed: probability } = rows[row];
  if (quantity === 'entropy') return { text: entropy.toFixed(2), small: '', share: entropy / most, bold: false };
  if (quantity === 'rank') return { text: rank.toLocaleString('en'), small: '', share: 1 / rank, bold: rank === 1 };
  if (quantity === 'chosen_probability') return { token: followed, small: shareText(probability), share: probability, bold: rank === 1 };
  const [first] = top;
  return { token: first, small: shareText(first.probability), share: first.probability, bold: first.token === rows.at(-1).top[0].token };
}

// Where the last token first wins for good, and what was said before: {final, probability, first, before, since}.
export function turnOf({ rows }) {
  const said = rows.map(({ top }) => top[0].token);
  const last = rows.length - 1;
  const same = (at) => {
    let start = at;
    while (start > 0 && said[start - 1] === said[at]) start -= 1;
    return start;
  };
  const first = same(last);
  const [final] = rows[last].top;
  if (!first) return { final, probability: final.probability, first, before: null, since: null };
  return { final, probability: final.probability, first, before: rows[first - 1].top[0], since: same(first - 1) };
}

// One sentence as a list of words; a token stands as {token}, a number as {number}.
export function claimOf(column) {
  const { final, probability, first, before, since } = turnOf(column);
  const last = column.rows.length - 1;
  const end = { number: probability < 0.01 ? valueText(probability) : probability.toFixed(2) };
  if (!first) return ['The embedding already says ', { token: final }, ', and every layer keeps it: ', end, ' at the end.'];
  const until = first - 1;
  const span = since === 0 && until > 0 ? `Up to ${rowName(until)} this position says `
    : since === until ? `${capital(theRow(until))} says ` : `From ${theRow(since)} to ${theRow(until)} this position says `;
  const turns = first === last ? ['. Only the last layer turns it into ', { token: final }, ', with ', end, '.']
    : [`. ${capital(rowName(first))} turns it into `, { token: final }, ', and the layers after it keep it: ', end, ' at the end.'];
  return [span, { token: before }, ...turns];
}

// From which row on a change is seen in the followed token's log-probability (0.1 nats); null for none.
export const SEEN_NATS = 0.1;
export function changedFrom(before, after) {
  const at = before.rows.findIndex(({ log }, row) => Math.abs(after.rows[row].log - log) >= SEEN_NATS);
  return at < 0 ? null : at;
}

// One sentence on a change: what the position says after it, instead of what.
export function changeClaim(before, after, what) {
  const [was, is] = [before, after].map(({ rows }) => rows.at(-1).top[0]);
  const from = changedFrom(before, after);
  const numbers = (token) => ({ number: token.probability.toFixed(2) });
  const seen = from === null ? 'No layer notices it.' : `It shows from ${theRow(from)} on.`;
  if (was.token !== is.token) return [`With ${what} this position says `, { token: is }, ' (', numbers(is), ') instead of ', { token: was }, ' (', numbers(was), `). ${seen}`];
  return [`With ${what} this position still says `, { token: is }, ': ', numbers(was), ' before, ', numbers(is), ` after. ${seen}`];
}
