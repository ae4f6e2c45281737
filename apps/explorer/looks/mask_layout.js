// Where the cells of a mask lie: whole cells of one size in both grids, a gap before each part of the prompt and before
// the tokens that are fed one at a time. Pure.

import { columnsOf } from './mask_situation.js';

const PASS_GAP = 8;
const SMALLEST = 3;
const NARROWEST = 16; // of a cell that has a word above it

// A pass that feeds one token, after others: no gap follows it.
const isSingle = ({ start, stop }, at) => at > 0 && stop - start === 1;

// `room` = {width, height} for one grid with its labels; sizes in px.
export function layoutOf(answer, room, { words, largest }) {
  const rows = answer.length;
  const columns = columnsOf(answer);
  const gaps = answer.passes.slice(1).filter((pass, at) => pass.start > 0 && !isSingle(answer.passes[at], at)).map(({ start }) => start);
  const left = (words ? 72 : 0) + 30;
  const top = (words && room.slanted ? 62 : 0) + 22;
  const wide = (room.width - left) / columns;
  const tall = (room.height - top - 4 - gaps.length * PASS_GAP) / rows;
  const cell = Math.max(SMALLEST, Math.min(largest, Math.floor(wide), Math.floor(tall)));
  if (words && room.slanted && cell < NARROWEST) return layoutOf(answer, { ...room, slanted: false }, { words, largest });
  const gap = cell >= 24 ? PASS_GAP : cell >= 10 ? 4 : 2;
  const down = (row) => top + row * cell + gap * gaps.filter((start) => start <= row).length;
  return {
    cell, left, top, rows, columns, slanted: Boolean(words && room.slanted), line: cell >= 12 ? 2 : cell >= 6 ? 1 : 0,
    x: (column) => left + column * cell, y: down,
    width: left + columns * cell + 4, height: down(rows - 1) + cell + 4,
    every: Math.max(1, Math.ceil((cell >= 20 ? 18 : 22) / cell)),
    at(x, y) {
      const key = Math.floor((x - left) / cell);
      const query = Array.from({ length: rows }, (_, row) => row).find((row) => y >= down(row) && y < down(row) + cell);
      return query === undefined || key < 0 || key >= columns ? null : { query, key };
    },
  };
}
