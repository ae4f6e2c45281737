// Tokens as they are laid out: those that join without a space stand together. Pure.

// More tokens than this are shown around the chosen one only.
export const MOST = 600;

// The [start, end) of at most `most` tokens around `at`.
export function windowOf(count, at, most = MOST) {
  if (count <= most) return [0, count];
  const start = Math.max(0, Math.min(at - Math.floor(most / 2), count - most));
  return [start, start + most];
}

// [{at: [position, ...], joins}]: the words of a run, which run in their own direction; `joins` where no space is before.
export function groupsOf({ readable, words }, [start, end]) {
  const groups = [];
  for (let at = start; at < end; at += 1) {
    if (at > start && readable[at].joins && words[at] === words[at - 1]) groups.at(-1).at.push(at);
    else groups.push({ at: [at], joins: at > start && readable[at].joins });
  }
  return groups;
}

const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}]/u;
const LETTER = /\p{L}/u;

// Which way a text runs: as its first letter does.
export function directionOf(text) {
  const letter = LETTER.exec(text);
  return letter && RIGHT_TO_LEFT.test(letter[0]) ? 'rtl' : 'ltr';
}

const ACCENT = /^\p{M}/u;
const MARK = /^(␣+|␣×\d+|[↵⇥␍␋␌]+|[\u2400-\u2421]+|U\+[0-9A-F]{4,}|bytes?( [0-9A-F]{2})+)$/u;

// What stands for a token: an accent without its letter gets a circle to sit on.
export const lettersOf = (text) => (ACCENT.test(text) ? `\u25cc${text}` : text);

// Whether a token is a mark for something invisible.
export const isMark = (text) => MARK.test(text);

// A token that is expected next, where it goes on with the last word of the text: that word, else ''.
export function beginningOf(readable, token) {
  if (!token.joins || !/^[\p{L}\p{N}]/u.test(token.text)) return '';
  let word = '';
  for (let at = readable.length - 1; at >= 0; at -= 1) {
    word = readable[at].text + word;
    if (!readable[at].joins) break;
  }
  return /[\p{L}\p{N}]$/u.test(word) ? word.match(/[\p{L}\p{N}]+$/u)[0] : '';
}

// How a word goes on of which an expected token is the beginning, where every such word of the text goes on so: else ''.
export function endingOf({ readable, words }, token) {
  if (token.joins) return '';
  const endings = new Set();
  readable.forEach(({ text, joins }, at) => {
    if (text !== token.text || joins) return;
    let ending = '';
    for (let next = at + 1; words[next] === words[at] && readable[next].joins; next += 1) ending += readable[next].text;
    endings.add(ending);
  });
  return endings.size === 1 ? [...endings][0] : '';
}
