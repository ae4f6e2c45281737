// Patching: the text on screen is the clean run, B the corrupted one; which part of the clean run, put into the corrupted
// one, brings its prediction back?

import { latest } from '../../page/ask.js';
import { h, put, segments } from '../../page/dom.js';
import { valueText } from '../../page/draw/format.js';
import { wordsOf } from '../../page/draw/words.js';
import { anyOf } from '../place.js';
import { createPatchMap } from './patch_map.js';
import { WHAT, bestOf, columnsOf, numbersOf, runsOf, shareText } from './patch_words.js';
import { corruption } from './suggestion.js';

// Chosen from the menu it opens with a corrupted text.
const opens = ({ selection, data: { run } }) => (run && selection.textB === null ? { textB: corruption(run.text) } : {});

export const patching = { name: 'patching', title: 'Patching', opens, create: createPatching };

const ASKED = ['run', 'textB', 'patch', 'by', 'only', 'token', 'against'];
const DRAWN = ['head', 'query', 'theme', 'size'];
// Tokens through layers that are run without being asked for: a moment of a small model.
const AT_ONCE = 2e5;

function createPatching(page, box) {
  const { store } = page;
  const question = latest();
  const field = (label, key, className = '') => {
    const commit = () => store.select({ [key]: input.value.trim() || null }, { push: true });
    const input = h('input', { type: 'text', class: className, 'aria-label': label, placeholder: label, onchange: commit });
    return input;
  };
  const text = field('Corrupted text B', 'textB');
  const [token, against] = [field('token of A', 'token', 'token'), field('token of B', 'against', 'token')];
  const only = field('all positions', 'only', 'token');
  const together = h('span', { class: 'm' });
  const [whats, bys] = [h('div', {}), h('div', {})];
  const showWhat = segments(whats, 'What is patched', Object.entries(WHAT).map(([value, { label }]) => ({ value, label })), (patch) => store.select({ patch }));
  const showBy = segments(bys, 'Columns', [{ value: 'position', label: 'Positions' }, { value: 'head', label: 'Heads' }], (by) => store.select({ by }));
  const [baselines, say, note] = [h('p', { class: 'baselines' }), h('p', { class: 'verdict t16' }), h('p', { class: 'note t16' })];
  const map = createPatchMap(page);
  put(box,
    h('div', { class: 'title' }, h('h2', {}, 'Patching'), baselines),
    h('div', { class: 'asked' }, h('b', { class: 'letter' }, 'B'), text, h('span', { class: 'm' }, 'logit of'), token, h('span', { class: 'm' }, 'minus'), against),
    h('div', { class: 'controls' }, whats, bys, together, only), note, say, map.box);
  let answer = null;
  let asked = null; // the key of what `answer` is of, or of what is running

  const byOf = ({ patch, by }) => (patch === 'resid_pre' ? 'position' : by ?? 'head');

  // What a column patches together: positions in a grid by head, heads in one by position.
  const togetherOf = (selection) => (byOf(selection) === 'head' ? 'positions' : selection.patch === 'resid_pre' ? null : 'heads');

  async function ask(isWanted) {
    const { selection, data: { run } } = store;
    question.cancel();
    answer = null;
    put(note);
    draw();
    if (selection.textB === null) return put(note, ...invitation(run));
    const runs = runsOf(run, byOf(selection));
    if (!isWanted && runs * run.tokens.length * run.layers.length > AT_ONCE) return put(note, ...price(runs, run));
    const chosen = numbersOf(selection.only);
    if (chosen === undefined) return put(note, `“${selection.only}” names no ${togetherOf(selection)}: write for example 3, 5-7.`);
    const own = {
      run: run.id, text: selection.textB, what: selection.patch, by: byOf(selection), token: selection.token, against: selection.against,
      ...(chosen && togetherOf(selection) ? { [togetherOf(selection)]: chosen } : {}),
    };
    asked = JSON.stringify(own);
    put(note, 'running…');
    try {
      const grid = await question.ask('patching', own, { progress });
      if (JSON.stringify(own) !== asked) return undefined;
      answer = grid;
      store.publish({ patched: own });
    } catch (error) {
      return put(note, error.name === 'AbortError' ? 'Cancelled. ' : error.message, ' ', again('Run it again'));
    }
    return draw();
  }

  const again = (label) => h('button', { type: 'button', class: 'btn', onclick: () => ask(true) }, label);

  function progress({ done, of, what, seconds_left: left }) {
    const wait = left > 1 ? `, ${Math.ceil(left)} s left ` : ' ';
    put(note, `${done} of ${of} ${what}${wait}`, h('button', { type: 'button', class: 'btn sm', onclick: () => question.cancel() }, 'Cancel'));
  }

  const price = (runs, run) => [`${runs} patched runs of about ${valueText(run.seconds)} s each. `, again('Run them')];

  const invitation = (run) => [
    'Write a text B that makes the model expect another token, best of the same length: ',
    h('button', { type: 'button', class: 'btn', onclick: () => store.select({ textB: corruption(run.text) }) }, 'Exchange the last word'),
  ];

  function draw() {
    const { selection } = store;
    const values = [[text, selection.textB], [token, selection.token], [against, selection.against], [only, selection.only]];
    for (const [input, value] of values) if (document.activeElement !== input) input.value = value ?? '';
    showWhat(selection.patch);
    showBy(byOf(selection));
    bys.hidden = selection.patch === 'resid_pre';
    only.hidden = togetherOf(selection) === null;
    put(together, togetherOf(selection) ?? '');
    only.placeholder = `all ${togetherOf(selection)}`;
    only.setAttribute('aria-label', `Only these ${togetherOf(selection)}`);
    if (answer) [token.placeholder, against.placeholder] = answer.names.map((name) => name.text);
    if (answer) put(note); // else it says why there is none
    put(baselines, ...(answer ? told(answer) : [h('span', { class: 'm' }, 'A, the text above, is clean; B is corrupted')]));
    put(say, ...(answer ? found(answer) : []));
    map.draw(answer);
  }

  const told = ({ names: [first, second], clean, corrupted }) => [
    h('span', { class: 'm' }, `logit of ${first.text} minus ${second.text}: clean A `), h('b', {}, valueText(clean)),
    h('span', { class: 'm' }, ', corrupted B '), h('b', {}, valueText(corrupted)),
  ];

  // One sentence: the part that brings most of the difference back.
  function found(grid) {
    if (!grid.comparable) return ['Both runs have the same logit difference, so there is no share of it to bring back: name two other tokens.'];
    const best = bestOf(grid);
    const brings = [' brings back ', h('b', {}, shareText(best.share)), ' of the difference, more than any other.'];
    const what = `A’s ${WHAT[grid.what].said}`;
    if (grid.by === 'head') return [`${what} of `, h('b', {}, `L${best.layer}H${best.column}`), ...brings];
    const there = grid.there[best.column];
    const [ours, theirs] = [columnsOf(grid)[best.column], wordsOf(store.data.run).find(({ from, to }) => there >= from && there < to).text];
    const where = ours === theirs ? `“${theirs}”` : `“${theirs}”, in place of “${ours}”,`;
    return [`${what} at `, h('b', {}, where), ` before layer ${best.layer}`, ...brings];
  }

  return {
    update(changed) {
      if (!store.data.run) return;
      if (anyOf(changed, ...ASKED)) ask(false);
      else if (anyOf(changed, ...DRAWN)) draw();
    },
  };
}
