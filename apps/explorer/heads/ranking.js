// "Ranked by": the score that orders the list, and where scores come from.

import { h, icon, put } from '../../page/dom.js';
import { attachPopover } from '../../page/popover.js';
import { anyOf } from '../place.js';
import { badge } from './badges.js';
import { createRepeats } from './repeats.js';
import { LAYER_ORDER, METRICS, kindBy, metricFor, metricsOf, scoredOf } from './scored.js';
import { createSource } from './source.js';

const UNITS = {
  entropy: 'nats', distance: 'tokens', beyond_half: 'share of cells', beyond_most: 'share of cells', bend: 'mean', largest_logit: 'largest of a text',
};

export function createRanking(page) {
  const { store } = page;
  const sort = h('select', { 'aria-label': 'Rank heads by', onchange: () => store.select({ sort: sort.value }) });
  const said = h('button', { type: 'button', class: 'said' });
  const source = createSource(page);
  const repeats = createRepeats(page);
  const legend = h('div', { class: 'legend' });
  const row = h('div', { class: 'hd ranking' }, h('h2', {}, 'Ranked by'), sort, h('span', { class: 'grow' }), said);
  const always = h('div', { class: 'source' }); // where there is a sweep, the choice is always seen
  const box = h('div', {}, row, always);
  attachPopover(said, {
    role: 'dialog', label: 'Where the scores come from',
    fill: (panel) => put(panel, h('div', { class: 'scores' }, store.data.run?.sweeps?.length ? null : source.box, repeats.box, legend)),
  });

  function text(metric, { kinds }) {
    const { scored } = store.selection;
    const kind = kindBy(kinds, metric);
    if (scored === 'random' && scoredOf(store) === store.data.random) return `${store.data.random.sequences} random`;
    if (kind) return `badge ≥ ${kind.threshold}`;
    return UNITS[metric] ?? 'score: induction';
  }

  return {
    box,
    update(changed) {
      repeats.update(changed);
      source.update(changed);
      if (anyOf(changed, 'run') && store.data.run.sweeps?.length) put(always, source.box);
      always.hidden = !store.data.run.sweeps?.length;
      if (!anyOf(changed, 'run', 'sort', 'scored', 'random', 'swept', 'sweep')) return;
      const scored = scoredOf(store);
      const metric = metricFor(store.selection.sort, scored.scores, store.data.run.opening);
      put(sort, [...metricsOf(scored.scores), LAYER_ORDER].map((name) => h('option', { value: name }, METRICS[name] ?? 'layer order')));
      sort.value = metric;
      put(said, text(metric, scored), icon('M5 7.5l5 5 5-5'));
      said.title = `Scores over ${scored.said}`;
      put(legend, scored.kinds.map(({ name, threshold }) => h('span', { class: 'line' }, badge(name), h('span', { class: 'number' }, `≥ ${threshold}`))));
    },
  };
}
