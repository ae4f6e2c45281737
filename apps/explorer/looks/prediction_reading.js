// Reads the lens from the server: at once where that takes a moment, else the chosen position first, and the rest on
// demand, in parts that are shown as they come.

import { latest } from '../../page/ask.js';
import { createColumns, nextPart } from './prediction_columns.js';

const SOON = 2; // seconds that are not asked about

// `draw()` when there is something new. {columns, block, price, busy, error} is what is known.
export function createReading(draw) {
  const question = latest();
  let asked = null; // {run, base, token}
  let state = fresh();

  function fresh() {
    return { columns: createColumns(), block: null, each: 0, busy: null, error: null };
  }

  async function ask([first, stop], within) {
    const own = state;
    const progress = (busy) => { own.busy = { ...own.busy, ...busy }; if (own === state) draw(); };
    const answer = await question.ask('lens', { ...asked, first, stop, within }, { progress });
    if (own !== state) return new Promise(() => {});
    Object.assign(state, { each: answer.each, block: answer.block });
    if (answer.names) state.columns.add(answer);
    return answer;
  }

  async function guarded(work) {
    const own = state;
    Object.assign(own, { busy: {}, error: null });
    try {
      await work();
    } catch (error) {
      if (own === state) own.error = error.name === 'AbortError' ? null : error.message;
    }
    own.busy = null;
    if (own === state) draw();
  }

  // A lens of another run or token. `base` is the run whose next tokens are followed.
  function of(next) {
    if (JSON.stringify(next) === JSON.stringify(asked)) return;
    question.cancel();
    asked = next;
    state = fresh();
  }

  // Makes sure that a position is read, and its block where that takes a moment.
  function visit(at, block) {
    const { columns, busy, each } = state;
    if (busy?.many || columns.get(at)) return draw();
    return guarded(async () => {
      const missing = columns.missing(block);
      if (each * missing.length <= SOON && (await ask([missing[0], missing.at(-1) + 1], SOON)).names) return;
      await ask([at, at + 1], SOON);
    });
  }

  // Reads all that is missing of some positions, the nearest to `at` first; whoever cancels keeps what was read.
  function fill(at, positions) {
    return guarded(async () => {
      const all = state.columns.missing(positions).length;
      for (;;) {
        const missing = state.columns.missing(positions);
        if (!missing.length) return;
        state.busy = { many: true, read: all - missing.length, all, left: missing.length * state.each };
        draw();
        await ask(nextPart(missing, at, Math.max(1, Math.floor(SOON / (state.each || 1)))), null);
      }
    });
  }

  return { of, visit, fill, cancel: () => question.cancel(), get state() { return state; } };
}
