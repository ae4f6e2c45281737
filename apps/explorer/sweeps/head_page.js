// A head's page: where it is strong, weak or in between over the texts of a sweep, and on the right its statistics with
// their intervals beside the values of the text on screen.

import { latest } from '../../page/ask.js';
import { h, put, segments } from '../../page/dom.js';
import { badge, layerGlyph } from '../heads/badges.js';
import { METRICS, sweepOf, valueOf } from '../heads/scored.js';
import { createThumbnails } from '../heads/thumbnails.js';
import { anyOf, placeOf } from '../place.js';
import { createExamples } from './examples.js';
import { OF_QUERIES, statisticOf } from './statistic.js';
import { createStatistics } from './statistics.js';

// Chosen from the menu it opens with the scores of the sweep beside it.
const opens = (store) => (sweepOf(store) ? { scored: 'sweep' } : {});

export const headPage = { name: 'head', title: 'Head page', opens, create: createHeadPage };

const SIDES = [
  { value: 'top', label: 'Strongest' }, { value: 'bottom', label: 'Weakest' }, { value: 'sample', label: 'Sample', hint: 'Drawn by chance from five strengths' },
];

// Where there is no sweep: how one is made.
const none = ({ model }) => [
  h('p', { class: 't16' }, 'No sweep of this model is open.'),
  h('p', { class: 'm' }, 'A sweep scores every head over thousands of texts and keeps its strongest places:'),
  h('pre', {}, `gemma2-workbench sweep texts.jsonl --out heads/ --model ${model}\ngemma2-workbench app --sweep heads/ --model ${model}`),
];

function createHeadPage(page, box) {
  const { store } = page;
  const [title, about, over] = [h('h2'), h('div', { class: 'about' }), h('span', { class: 'm' })];
  const statistic = h('select', { 'aria-label': 'Examples of', onchange: () => store.select({ sort: statistic.value }) });
  put(statistic, OF_QUERIES.map((name) => h('option', { value: name }, METRICS[name])));
  const sides = h('div', {});
  const showSide = segments(sides, 'Which examples', SIDES, (examples) => store.select({ examples }));
  const controls = h('div', { class: 'which' }, h('label', {}, h('b', {}, 'Examples of'), statistic), h('span', { class: 'grow' }), sides);
  const list = h('div', { class: 'examples-of', role: 'region', 'aria-label': 'Examples', tabindex: '0' });
  put(box, h('div', { class: 'title' }, title, about, h('span', { class: 'grow' }), over), controls, list);
  box.classList.add('head-page');
  const side = h('aside', { class: 'head-side', 'aria-label': 'The head over the texts of a sweep' });
  box.closest('.columns').append(side);
  const parts = { examples: createExamples(page, list, createThumbnails(page)), statistics: createStatistics(page, side) };
  const questions = latest();
  let answer = null;

  async function read(sweep) {
    const { layer, head } = placeOf(store);
    try {
      answer = await questions.ask('head_page', { sweep: sweep.name, run: store.data.run.id, layer, head });
      parts.statistics.draw(answer, chosen());
    } catch (error) {
      if (error.name !== 'AbortError') parts.statistics.say(error.message);
    }
  }

  function chosen() {
    const { layer, head } = placeOf(store);
    const swept = sweptOf();
    return statisticOf(store.selection, swept?.types[layer]?.[head], swept?.kinds);
  }

  const sweptOf = () => (store.data.swept?.name === sweepOf(store)?.name ? store.data.swept : null);

  function head(sweep) {
    const { layer, head: number } = placeOf(store);
    const [{ kind }, swept] = [store.data.run.layers[layer], sweptOf()];
    const type = swept?.types[layer]?.[number] ?? null;
    const score = swept?.kinds.find(({ name }) => name === type)?.score;
    put(title, `L${layer} H${number}`);
    put(about, h('span', { class: 'kind' }, layerGlyph(kind), kind), type ? badge(type, valueOf(swept.scores, score, { layer, head: number })) : null);
    put(over, `over ${sweep.said}, ${sweep.tokens.toLocaleString('en')} tokens`);
    over.title = sweep.name;
    statistic.value = chosen();
    showSide(store.selection.examples);
  }

  function draw(changed) {
    const sweep = sweepOf(store);
    box.classList.toggle('none', !sweep);
    if (!sweep) {
      put(about);
      put(title, 'Head page');
      put(over);
      put(side);
      answer = null;
      questions.cancel();
      return parts.examples.say(none(store.data.run));
    }
    head(sweep);
    if (anyOf(changed, 'run', 'head', 'sweep')) read(sweep);
    else if (answer && anyOf(changed, 'sort', 'size', 'swept', 'theme', 'present')) parts.statistics.draw(answer, chosen());
    const { layer, head: number } = placeOf(store);
    const question = { sweep: sweep.name, layer, head: number, statistic: chosen(), side: store.selection.examples };
    if (anyOf(changed, 'run', 'head', 'sweep', 'sort', 'swept', 'examples')) parts.examples.read(question, METRICS[question.statistic]);
    else if (anyOf(changed, 'theme')) parts.examples.colour();
    return undefined;
  }

  return {
    update(changed) {
      if (store.data.run && anyOf(changed, 'run', 'head', 'sweep', 'swept', 'sort', 'examples', 'theme', 'size', 'present')) draw(changed);
    },
  };
}
