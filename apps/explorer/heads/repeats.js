// The test that depends on no sentence: scores of all heads over random tokens that come twice.

import { h, put } from '../../page/dom.js';
import { anyOf } from '../place.js';
import { weightsOf } from './scored.js';

export function createRepeats(page) {
  const { store } = page;
  const box = h('div', { class: 'repeats' });
  let running = null; // {controller, done, of}

  async function start() {
    const { run } = store.data;
    const controller = new AbortController();
    running = { controller, done: 0, of: 1 };
    draw();
    try {
      const answer = await page.ask('random_repeats', { run: run.id }, {
        signal: controller.signal, progress: ({ done, of, seconds_left: left }) => { Object.assign(running ?? {}, { done, of, left }); draw(); },
      });
      store.publish({ random: { ...answer, weights: weightsOf(run) } });
      store.select({ scored: 'random' });
      draw();
    } catch (error) {
      if (error.name !== 'AbortError') draw(error.message);
    } finally {
      running = null;
      if (!box.querySelector('.wrong')) draw();
    }
  }

  const isHere = () => store.data.random?.weights === weightsOf(store.data.run);

  function draw(wrong = null) {
    if (running) return put(box, progress(running));
    const run = h('button', { type: 'button', class: 'btn', onclick: start }, 'Score all heads on repeated random tokens');
    const said = isHere() ? `Scores over ${store.data.random.said}.` : 'Scores over this text depend on it. 64 sequences of random tokens, each twice, do not: nothing but the copy tells what comes next.';
    return put(box, h('p', {}, said), isHere() ? null : run, wrong && h('p', { class: 'wrong', role: 'alert' }, wrong));
  }

  function progress({ controller, done, of, left }) {
    const time = left === null || left === undefined ? '' : `, ${Math.ceil(left)} s left`;
    return [
      h('p', { role: 'status' }, `Running random sequences: ${Math.round((100 * done) / of)} %${time}`),
      h('span', { class: 'bar' }, h('i', { style: { width: `${(100 * done) / of}%` } })),
      h('button', { type: 'button', class: 'btn', onclick: () => controller.abort() }, 'Cancel'),
    ];
  }

  return {
    box,
    update(changed) {
      const { run } = store.data;
      if (anyOf(changed, 'run') && store.selection.scored === 'random' && !isHere() && !running) start();
      else if (anyOf(changed, 'run', 'random')) draw();
      else if (anyOf(changed, 'scored') && store.selection.scored === 'random' && run && !isHere() && !running) start();
    },
  };
}
