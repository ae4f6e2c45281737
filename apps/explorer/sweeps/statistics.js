// The right column of a head's page: its statistics over the texts beside those of the text on screen, and histograms.

import { h, put } from '../../page/dom.js';
import { shortText } from '../../page/draw/format.js';
import { METRICS, fullOf, scoredOf } from '../heads/scored.js';
import { drawHistogram } from './histogram.js';

const HISTOGRAMS = [
  { name: 'distance', title: 'Distance', unit: 'tokens', ticks: [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192] },
  { name: 'entropy', title: 'Entropy', unit: 'nats', ticks: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] },
];

// "0.71 ± 0.02", "0.050 ± 0.003": half the width of the interval, and as many digits as it makes sure.
export function interval({ mean, low, high }) {
  if (mean === null) return '–';
  if (low === null || high === null) return shortText(mean);
  const half = (high - low) / 2;
  if (half < 0.0005) return half === 0 ? shortText(mean) : `${shortText(mean)} ± ${shortText(half)}`;
  const digits = half >= 1 ? 1 : half >= 0.01 ? 2 : 3;
  return `${mean.toFixed(digits)} ± ${half.toFixed(digits)}`;
}

// "the 3rd largest of 36 heads"
export function rankWords(rank, heads) {
  if (rank === null) return '';
  const whole = Math.round(rank);
  const tens = whole % 100;
  const end = (tens > 10 && tens < 14 ? 'th' : ['th', 'st', 'nd', 'rd'][whole % 10]) ?? 'th';
  return whole === 1 ? `the largest of ${heads} heads` : `the ${whole}${end} largest of ${heads} heads`;
}

export function createStatistics(page, box) {
  const { store } = page;

  function row(each, chosen, full) {
    const share = (value) => `${100 * Math.min(1, Math.max(0, value / full))}%`;
    const { mean, low, high, here } = each;
    const whisker = low === null || high === null || mean === null ? null : h('u', { style: { left: share(low), width: `calc(${share(high)} - ${share(low)})` } });
    const name = METRICS[each.name];
    const said = `${name}: ${interval(each)} over the texts${here === null ? '' : `, ${shortText(here)} in this text`}`;
    return h(
      'button', { type: 'button', class: 'stat', 'aria-pressed': String(each.name === chosen), 'aria-label': said, title: each.help, 'data-name': each.name, onclick: () => store.select({ sort: each.name }) },
      h('span', { class: 'nm' }, name),
      h('span', { class: 'track' }, mean === null ? null : h('i', { style: { width: share(mean) } }), whisker, here === null ? null : h('s', { style: { left: share(here) } })),
      h('span', { class: 'number' }, interval(each)), h('span', { class: 'number here' }, here === null ? '–' : shortText(here)),
    );
  }

  // What is known of the chosen statistic beyond its mean.
  function told({ help, rank, tokens_q05: low, tokens_q50: middle, tokens_q95: high }, heads) {
    const order = rankWords(rank, heads);
    const spread = middle === null ? '' : ` Half of the queries lie below ${shortText(middle)}, 5\u00a0% below ${shortText(low)}, 5\u00a0% above ${shortText(high)}.`;
    return `${help[0].toUpperCase()}${help.slice(1)}${order ? `: ${order}` : ''}.${spread}`;
  }

  function draw(answer, chosen) {
    if (!box.clientWidth) return; // hidden while the head is presented
    const { statistics, histograms, said, heads, windows, skipped } = answer;
    const { swept } = store.data;
    const scores = swept?.name === answer.sweep ? swept.scores : scoredOf(store).scores;
    const focused = box.contains(document.activeElement) ? document.activeElement.dataset.name : null;
    const one = statistics.find(({ name }) => name === store.selection.sort) ?? statistics.find(({ name }) => name === chosen);
    const width = box.clientWidth - 2 * Number.parseFloat(getComputedStyle(box).paddingLeft);
    const size = `${windows.toLocaleString('en')} windows${skipped ? `, ${skipped} texts could not be read` : ''}`;
    put(
      box, h('h2', {}, `Over ${said}`, h('span', { class: 'm', title: size }, 'mean and 95 % interval')),
      h('div', { class: 'stats', role: 'group', 'aria-label': 'Statistics of the head' },
        h('p', { class: 'cols m', 'aria-hidden': 'true' }, h('span', {}, said), h('span', {}, 'this text')),
        statistics.map((each) => row(each, one.name, fullOf(scores, each.name)))),
      h('p', { class: 'say m' }, told(one, heads)),
      HISTOGRAMS.map(({ title, ...about }) => {
        const { mean, here } = statistics.find(({ name }) => name === about.name);
        const values = h('span', { class: 'm' }, mean === null ? null : [h('b', {}, 'mean'), ` ${shortText(mean)}`], here === null ? null : [', ', h('b', { class: 'here' }, 'this text'), ` ${shortText(here)}`], ` ${about.unit}`);
        return [h('h3', {}, title, values), drawHistogram(histograms[about.name], { ...about, name: title, mean, here, width })];
      }),
    );
    if (focused) box.querySelector(`[data-name="${focused}"]`)?.focus();
  }

  return { draw, say: (words) => put(box, h('p', { role: 'alert' }, words)) };
}
