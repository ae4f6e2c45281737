// Words and tokens of a run, as labels of a map. Pure.

// Text, gap and title of each token: as the server reads them, or the pieces of the vocabulary.
export function piecesOf(run) {
  return run.readable ?? run.tokens.map((token) => ({ text: token.replace(/^▁/, ''), joins: !token.startsWith('▁'), title: token }));
}

// What makes one sign of several, or chooses how the one before it looks, is named where it stands alone, as a token;
// within a word it does so.
const JOINER = /^U\+(200[CD]|FE0[0-9A-F]|E00[2-7][0-9A-F]|E01[0-9A-E][0-9A-F])$/;
export const within = (text) => (JOINER.test(text) ? String.fromCodePoint(parseInt(text.slice(2), 16)) : text);

// Words as [{from, to, text, title}] over tokens from <= i < to.
export function wordsOf(run) {
  const pieces = piecesOf(run);
  const words = [];
  run.words.forEach((number, at) => {
    const { text, title } = pieces[at];
    if (at && number === run.words[at - 1]) {
      const word = words.at(-1);
      Object.assign(word, { to: at + 1, text: word.text + within(text), title: `${word.title} ${title}` });
    } else {
      words.push({ from: at, to: at + 1, text, title });
    }
  });
  return words;
}

// What the rows and columns of a map stand for: {unit, size, words, labels, at(token) -> index, token(index), name(index)}.
// Labels lie over cells; between tokens one word may lie over several.
export function unitsOf(run, unit) {
  const words = wordsOf(run);
  const pieces = piecesOf(run);
  if (unit === 'words') {
    const first = run.words[0];
    const labels = words.map((word, at) => ({ ...word, from: at, to: at + 1 }));
    return {
      unit, words, labels, size: words.length,
      at: (token) => run.words[token] - first, token: (index) => words[index].from, name: (index) => words[index].text,
    };
  }
  const whole = run.words.map((number) => words[number - run.words[0]]);
  return {
    unit, words, labels: words, size: run.tokens.length,
    at: (token) => token, token: (index) => index,
    name: (index) => pieces[index].text || whole[index].text, word: (index) => whole[index],
  };
}
