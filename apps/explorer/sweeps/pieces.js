// The pieces of an example: {parts: [{from, pieces: [{text, joins, title, p}]}]}. Pure.

const IN_WORD = /^[\p{L}\p{N}\p{M}]+$/u;

export function pieceOf({ parts }, at) {
  const part = parts.find(({ from, pieces }) => at >= from && at < from + pieces.length);
  return part?.pieces[at - part.from] ?? null;
}

// {before, text, after}: the token at a position, and the rest of its word as far as it is shown.
export function wordIn(example, at) {
  const goesOn = (piece) => Boolean(piece?.joins && (IN_WORD.test(piece.text) || piece.text === ''));
  const text = pieceOf(example, at)?.text ?? '';
  let [before, after] = ['', ''];
  if (!IN_WORD.test(text)) return { before, text, after };
  for (let place = at; goesOn(pieceOf(example, place)); place -= 1) {
    const one = pieceOf(example, place - 1)?.text ?? '';
    if (!IN_WORD.test(one)) break;
    before = one + before;
  }
  for (let place = at + 1; goesOn(pieceOf(example, place)); place += 1) after += pieceOf(example, place).text;
  return { before, text, after };
}
