// Why this label rather than that: the log-odds, the classes, the heads that matter, the words taken out, faithfulness.

import { h, put } from '../page/dom.js';
import { drawFaithful } from './faithful.js';
import { createHeadGrid } from './head_grid.js';
import { probability, signed, times } from './numbers.js';
import { bar } from './parts.js';
import { brief, placeOf, saidAt } from './place.js';

const MOST_CLASSES = 5;
const MOST_ROWS = 4;

export function createWhy(page, box) {
  const { store } = page;
  const [head, hero, classes, out, chart] = Array.from({ length: 5 }, () => h('div', {}));
  const heads = h('div', {});
  const section = (title, about, content) => h('div', { class: 'sec' }, h('h2', {}, title, h('span', { class: 'm' }, about)), content);
  box.append(head, hero, classes, section('Heads that matter', 'log-odds lost when off', heads), section('Words taken out', 'log-odds lost', out),
    section('Faithful?', 'blanking the top tokens', chart));
  const grid = createHeadGrid(page, heads);

  function drawHero() {
    const place = placeOf(store);
    const answer = store.data.reasons?.leave_one_out;
    const isKnown = answer && !answer.error;
    const where = store.selection.edit?.by ? 'before the edit' : place.isWhole ? 'the whole text' : `${saidAt(place).text}, word ${place.word}`;
    put(head, h('h2', {}, isKnown ? `Why ${answer.label} rather than ${answer.against}` : 'Why', h('span', { class: 'm', dir: 'auto' }, where)));
    if (!isKnown) return put(hero, h('p', { class: 'm', role: 'status' }, answer?.error ?? 'Working …'));
    const { label, against, score } = answer;
    return put(hero, h('div', { class: 'hero' }, h('span', { class: 't32' }, score.toFixed(2).replace('-', '−')), h('span', { class: 't16 m' }, `log-odds of ${label} over ${against}`)),
      h('p', { class: 't16' }, `${label} is `, h('b', {}, `${times(score)} times`), score < 0 ? ' less probable.' : ' as probable.'));
  }

  function drawClasses() {
    const answer = store.data.reasons?.classes;
    if (!answer) return put(classes);
    if (answer.error) return put(classes, h('p', { class: 'm' }, answer.error));
    const shown = answer.classes.slice(0, MOST_CLASSES);
    classes.style.setProperty('--names', `${Math.min(140, Math.max(60, 8 * Math.max(...shown.map(([name]) => name.length))))}px`);
    return put(classes, shown.map(([name, share], at) => h('div', { class: `cl${at ? '' : ' on'}` }, h('span', { title: name }, name), bar(share), h('span', {}, probability(share)))));
  }

  // A third class may win although the label still leads its rival, as I-ORG where the rival is B-ORG.
  const aside = ({ score, against }, effect, changed) => (changed && score - effect > 0 ? `a third class wins: against ${against} the log-odds stay at ${signed(score - effect)}` : null);

  function drawOut() {
    const answer = store.data.reasons?.leave_one_out;
    const place = placeOf(store);
    if (!answer?.rows) return put(out, h('p', { class: 'm' }, answer?.error ? '–' : 'Working …'));
    if (!answer.rows.length) return put(out, h('p', { class: 'm' }, 'There is no other word.'));
    const rows = [...answer.rows].sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect)).slice(0, MOST_ROWS);
    const most = Math.abs(rows[0].effect) || 1;
    return put(out, rows.map(({ word, text, effect, changed, label, confidence }) => h('button', {
      type: 'button', class: `rr${changed ? ' flp' : ''}`, title: 'Change this word', onclick: () => store.select({ word: place.word, edit: { at: place.sentence[0] + word, by: '' } }),
    }, h('span', { dir: 'auto' }, text), bar(Math.abs(effect) / most), h('span', {}, signed(effect)), h('span', { class: changed ? '' : 'm', title: aside(answer, effect, changed) }, changed ? `→ ${brief(label)}` : `${label} ${probability(confidence)}`))));
  }

  function drawChart() {
    const answer = store.data.reasons?.faithfulness;
    if (answer?.rows) drawFaithful(chart, answer.rows, box, answer.sentence);
    else put(chart, h('p', { class: 'm' }, answer?.error ?? 'Working …'));
  }

  return {
    update(changed) {
      const has = (...keys) => !changed || keys.some((key) => changed.has(key));
      if (has('labels', 'word', 'reasons', 'edit')) drawHero();
      if (has('labels', 'reasons')) { drawClasses(); drawOut(); }
      grid.update(changed);
      if (has('reasons', 'size')) drawChart();
    },
  };
}
