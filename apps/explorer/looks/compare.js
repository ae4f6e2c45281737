// A | B: the text beside another one, or beside itself under other settings: tokens aligned, maps and their difference,
// next tokens and head scores.

import { latest } from '../../page/ask.js';
import { h, put, segments } from '../../page/dom.js';
import { phrase } from '../changes/words.js';
import { anyOf, placeOf } from '../place.js';
import { createAlignedMaps } from './aligned_maps.js';
import { createOutcome } from './compare_outcome.js';
import { createTexts } from './compare_texts.js';
import { suggestion } from './suggestion.js';

// Chosen from the menu it opens with something to compare.
const opens = ({ selection, data: { run, pair } }) => (run && !pair && selection.textB === null ? { textB: suggestion(run.text).text } : {});

export const compare = { name: 'compare', title: 'A | B', opens, create: createCompare };

const ASKED = ['run', 'textB', 'look'];
const DRAWN = ['head', 'stage', 'query', 'key', 'theme', 'size', 'off'];
const SHORT = { attn_logits: 'Raw', attn_scores: 'Cap', attn_masked: 'Mask', attn_probs: 'Probability', contribution: 'Contribution' };

function createCompare(page, box) {
  const { store } = page;
  const question = latest();
  const about = h('div', { class: 'about m' });
  const input = h('input', { type: 'text', class: 'other', 'aria-label': 'Text B', placeholder: 'Text B: Enter compares', onkeydown: enter });
  const run = h('button', { type: 'button', class: 'btn sm', onclick: choose }, 'Compare');
  const drop = h('button', { type: 'button', class: 'btn sm', onclick: () => store.select({ textB: null }) }, 'Only A');
  const stages = h('div', { class: 'stages' });
  const showStage = segments(stages, 'Stage', Object.entries(SHORT).map(([value, label]) => ({ value, label })), (stage) => store.select({ stage }));
  const note = h('p', { class: 'note t16' });
  const [texts, outcome] = [createTexts(page), createOutcome(page)];
  const maps = createAlignedMaps(page, () => outcome.draw(answer));
  put(box,
    h('div', { class: 'title' }, h('h2', {}, 'A | B'), about, h('span', { class: 'grow' }), stages),
    h('div', { class: 'asked' }, input, run, drop), texts.box, note, h('div', { class: 'stage' }, maps.box, outcome.box));
  let answer = null;

  function enter(event) {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    choose();
  }

  function choose() {
    const text = input.value;
    if (text.trim()) store.select({ textB: text === store.data.run.text ? null : text }, { push: true });
  }

  async function ask() {
    const { selection, data } = store;
    question.cancel();
    answer = null;
    draw();
    if (selection.textB === null && !data.pair) return;
    const other = selection.textB === null ? { other: data.pair.id } : { text: selection.textB };
    try {
      const progress = ({ done, of, what }) => put(note, `running text B: ${what} ${done} of ${of}`);
      answer = await question.ask('compare', { run: data.run.id, ...other }, { progress });
    } catch (error) {
      if (error.name !== 'AbortError') put(note, error.message);
      return;
    }
    draw();
  }

  function draw() {
    const { selection, data } = store;
    if (document.activeElement !== input) input.value = selection.textB ?? data.run.text;
    drop.hidden = selection.textB === null;
    showStage(selection.stage);
    put(about, told());
    put(note, answer || selection.textB !== null || data.pair ? null : invitation());
    for (const part of [texts, maps, outcome]) part.draw(answer);
  }

  function told() {
    const { name } = placeOf(store);
    if (!answer) return name;
    if (store.selection.textB === null) return `${name} as it is | with ${phrase(store.selection)}`;
    const { length } = answer.positions;
    return `${name} · ${length} of ${Math.max(store.data.run.tokens.length, answer.run.tokens.length)} tokens shared`;
  }

  function invitation() {
    const { label, text } = suggestion(store.data.run.text);
    return [
      'Change a word of the text above and press Enter. Or switch a head off: then A is before and B after. ',
      h('button', { type: 'button', class: 'btn', onclick: () => store.select({ textB: text }) }, label),
    ];
  }

  return {
    update(changed) {
      if (!store.data.run) return;
      const isSettings = store.selection.textB === null;
      if (anyOf(changed, ...ASKED) || (isSettings && anyOf(changed, 'pair'))) ask();
      else if (anyOf(changed, ...DRAWN)) draw();
    },
  };
}
