// Where the scores of heads come from: a switch in words. This text, the texts of a sweep, random sequences.

import { h, segments } from '../../page/dom.js';
import { anyOf } from '../place.js';
import { scoredOf, sweepOf } from './scored.js';

const SWEEP = 'sweep:';

// [{value, label, hint}]: with several sweeps of a model they are told apart by their names.
export function sourcesOf({ sweeps = [] }) {
  const named = sweeps.map(({ name, said, tokens }) => ({
    value: SWEEP + name, label: sweeps.length > 1 ? name : said, hint: `Means over ${said}, ${tokens.toLocaleString('en')} tokens: ${name}`,
  }));
  const random = { value: 'random', label: sweeps.length ? 'Random' : 'Random sequences', hint: 'Random tokens that come twice' };
  return [{ value: 'text', label: 'This text' }, ...named, random];
}

export const patchOf = (value) => (value.startsWith(SWEEP) ? { scored: 'sweep', sweep: value.slice(SWEEP.length) } : { scored: value });

export function createSource(page) {
  const { store } = page;
  const box = h('div', {});
  let show = () => {};

  // What is shown, which is what was chosen as soon as it is there.
  function shown() {
    const scored = scoredOf(store);
    if (scored === store.data.random) return 'random';
    return scored === store.data.swept ? SWEEP + sweepOf(store).name : 'text';
  }

  return {
    box,
    update(changed) {
      if (anyOf(changed, 'run')) show = segments(box, 'Scores from', sourcesOf(store.data.run), (value) => store.select(patchOf(value)));
      if (anyOf(changed, 'run', 'scored', 'sweep', 'random', 'swept')) show(shown());
    },
  };
}
