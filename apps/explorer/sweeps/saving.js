// What can be saved of a sweep where the reader is: on a head's page, and in the atlas while it shows the sweep. Pure.

import { LAYER_ORDER, scoredOf, sweepOf } from '../heads/scored.js';
import { placeOf } from '../place.js';
import { statisticOf } from './statistic.js';

export function savedOfSweep(selection, data) {
  const sweep = sweepOf({ selection, data });
  if (!sweep) return [];
  const view = (label, kind, options, name) => ({ label, name, about: sweep.name, shown: { kind: 'sweep', view: kind, sweep: sweep.name, options } });
  const by = selection.sort === LAYER_ORDER ? 'induction' : selection.sort;
  const ranked = view('Heads ranked, with intervals', 'ranked', { by }, `heads_by_${by}`);
  if (selection.look === 'head') {
    const { name, layer, head } = placeOf({ selection, data });
    const type = data.swept?.types[layer]?.[head];
    const statistic = statisticOf(selection, type, data.swept?.kinds);
    const examples = view('The examples', 'examples', { layer, head, statistic, side: selection.examples }, `examples_${name}_${statistic}`);
    return [view('The head', 'head', { layer, head }, `head_${name}`), examples, ranked];
  }
  if (selection.look !== 'atlas' || scoredOf({ selection, data }) !== data.swept) return [];
  const { up, across, of } = selection;
  return [view('Heads by two statistics', 'scatter', { x: across, y: up }, `heads_${up}_${across}`), view('All heads', 'atlas', { statistic: of }, `heads_${of}`), ranked];
}
