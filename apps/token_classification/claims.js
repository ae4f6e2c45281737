// One sentence for each explanation, and one below it. A sentence is a list of strings and {strong}. Pure.

import { cut, said } from './place.js';
import { probability, signed } from './numbers.js';

const strong = (text) => ({ strong: text });
const plural = (count, one, many = `${one}s`) => `${count === 1 ? one : many}`;
const isWord = (text) => /[\p{L}\p{N}]/u.test(text);

// [claim, what is said below] of how the reader looks; null while the answer is not there.
export function claimOf(how, reasons, paint, words, own) {
  const out = reasons?.leave_one_out;
  if (how === 'out') return out?.rows ? outClaim(out) : null;
  const below = out?.rows ? [takenOut(out)].flat() : [];
  if (how === 'masks') return reasons?.masks?.sentence ? splitSentence(reasons.masks.sentence) : null;
  const answer = reasons?.[{ grad: 'saliency', heads: 'heads', look: 'attention' }[how]];
  if (!answer || answer.error || !paint) return null;
  if (how === 'look') return lookClaim(answer, paint, words);
  const ranked = paint.values.map((value, at) => [value ?? 0, at])
    .filter(([, at]) => isWord(words[at].text) && (at < own[0] || at >= own[1])).sort((a, b) => b[0] - a[0]);
  if (!ranked.length || ranked[0][0] <= 0) return [[`No other word speaks for ${said(answer.label)}.`], below];
  const [first, second] = ranked.map(([, at]) => strong(words[at].text));
  if (how === 'grad') return [[`Gradients put most of ${said(answer.label)} on `, first, `: ${signed(ranked[0][0])} of the log-odds.`], below];
  const pair = ranked[1]?.[0] > 0.3 * ranked[0][0] ? [' and ', second] : [];
  return [[`The heads that speak for ${said(answer.label)} look at `, first, ...pair, '.'], below];
}

const deciding = ({ rows }) => rows.filter(({ changed }) => changed).sort((a, b) => b.effect - a.effect);

export function outClaim(out) {
  const { rows, asked, label } = out;
  const flips = deciding(out);
  const name = strong(cut(asked));
  if (!rows.length) return [[name, ` is ${said(label)}; there is no other word that could be taken out.`], []];
  if (flips.length) {
    const rest = rows.length - flips.length;
    const [first, ...more] = flips;
    const also = more.slice(0, 2).flatMap((row, at) => [at ? ', without ' : 'Without ', strong(row.text), ` it is ${said(row.label)} ${probability(row.confidence)}`]);
    const others = rest > 0 ? `${also.length ? '. ' : ''}${rest === 1 ? 'The other word can go.' : `Each of the other ${rest} words can go.`}` : also.length ? '.' : '';
    return [[name, ` is ${said(label)} because of `, strong(first.text), `: without it ${said(first.label)} ${probability(first.confidence)}.`], [...also, others]];
  }
  const strongest = rows.reduce((best, row) => (row.effect > best.effect ? row : best));
  return [
    ['No single word decides it: each can go and ', name, ` stays ${said(label)}.`],
    strongest.effect > 0 ? ['The strongest is ', strong(strongest.text), `: without it the log-odds fall by ${strongest.effect.toFixed(2)}.`] : [],
  ];
}

function takenOut(out) {
  const flips = deciding(out).slice(0, 2);
  if (!flips.length) return 'Taken out one at a time, no word changes the label.';
  return ['Taken out, ', ...flips.flatMap((row, at) => [at ? ', ' : '', strong(row.text), ` gives ${said(row.label)} ${probability(row.confidence)}`]), '.'];
}

function lookClaim({ layer, head, effect, label, score, first }, { values }, words) {
  const at = values.reduce((best, value, index) => ((value ?? 0) > (values[best] ?? 0) ? index : best), 0);
  const isFirst = first > (values[at] ?? 0);
  const goes = isFirst ? [`rests on the first token (${probability(first)})`] : ['looks most at ', strong(words[at].text), ` (${probability(values[at] ?? 0)})`];
  return [
    [strong(`L${layer}H${head}`), ' ', ...goes, '.'],
    [`Where it looks is no reason by itself: without the head the log-odds of ${said(label)} are ${signed(score - effect)} instead of ${signed(score)}.`],
  ];
}

// The first sentence, and the others.
function splitSentence(text) {
  const end = text.indexOf('. ');
  return end < 0 ? [[text], []] : [[text.slice(0, end + 1)], [text.slice(end + 2)]];
}

// The one line of the list of entities: its parts, or null.
export function listed({ rows }) {
  if (!rows) return null;
  const [first] = deciding({ rows });
  if (!rows.length) return ['it stands alone'];
  return first ? ['without ', strong(first.text), `: ${said(first.label)} ${probability(first.confidence)}`] : ['no single word changes it'];
}

// [claim, below] of an edited text.
export function editClaim({ before, after, asked, from, to, others }) {
  const stays = before.label === after.label;
  const changed = others === null ? [] : others === 0 ? ['All other labels stay.']
    : [`${others} other ${plural(others, 'word changes its label', 'words change their labels')} too.`];
  return [['With ', strong(to), ` instead of ${from}, `, strong(cut(asked)), ` ${stays ? 'stays' : 'is'} ${said(after.label)}.`], changed];
}
