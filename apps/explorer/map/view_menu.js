// The menu "View": tokens or words, <bos>, colours, and one head or several at once.

import { h, segments } from '../../page/dom.js';
import { headName, headOf } from '../../page/selection.js';
import { placeOf } from '../place.js';

const UNITS = [{ value: 'false', label: 'Tokens' }, { value: 'true', label: 'Words', hint: 'A word attends with the mean of its tokens and is attended to with their sum; other quantities show their largest.' }];
const BOS = [{ value: 'shown', label: 'Shown' }, { value: 'hidden', label: 'Hidden' }, { value: 'renormalised', label: 'Renormalised', hint: 'Every row is divided by what is left of it without <bos>.' }];
const OVER = [
  { value: 'one', label: 'This head' }, { value: 'mean', label: 'Mean' }, { value: 'max', label: 'Maximum' },
  { value: 'rollout', label: 'Rollout', hint: 'Attention rollout (Abnar and Zuidema 2020): the mean over heads of every layer up to this one, half identity, multiplied. It leaves out values, MLPs and norms.' },
];

export function createViewMenu(page) {
  const { store } = page;
  const group = (name, options, choose) => {
    const box = h('div', {});
    return { box: h('div', { class: 'line' }, h('span', {}, name), box), show: segments(box, name, options, choose) };
  };
  const check = (name, hint, key) => {
    const input = h('input', { type: 'checkbox', onchange: () => store.select({ [key]: input.checked }) });
    return { box: h('label', { title: hint }, input, name), show: (value) => { input.checked = value; } };
  };
  const unit = group('Between', UNITS, (value) => store.select({ words: value === 'true' }));
  const bos = group('<bos>', BOS, (value) => store.select({ bos: value }));
  const over = group('Heads', OVER, (value) => store.select({ over: value === 'one' ? null : value }));
  const log = check('Log scale', 'Colours by decades, for probability and contribution.', 'log');
  const fit = check('Fit to the largest', 'The colours reach up to the largest value shown.', 'fit');
  const chosen = h('input', { class: 'heads', 'aria-label': 'Heads', onchange: () => store.select({ chosen: read(chosen.value) }), onkeydown: (event) => event.key === 'Enter' && chosen.blur() });
  const which = h('div', { class: 'line' }, h('span', {}, 'of'), chosen);
  const caveat = h('p', { class: 'caveat' });
  const panel = h('div', { class: 'panel' }, unit.box, bos.box, h('div', { class: 'line' }, h('span', {}, 'Colours'), log.box, fit.box), over.box, which, caveat);
  const summary = h('summary', { class: 'btn sm' }, 'View');
  const box = h('details', { class: 'view' }, summary, panel);
  document.addEventListener('pointerdown', (event) => { if (!box.contains(event.target)) box.open = false; });
  box.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !box.open) return;
    event.stopPropagation();
    box.open = false;
    summary.focus();
  });

  // Names such as "L5H2 L5H3", of heads that there are.
  function read(text) {
    const { run } = store.data;
    const heads = text.split(/[\s,;]+/).map(headOf).filter((head) => head && head.layer < run.layers.length && head.head < run.heads);
    return [...new Set(heads.map(headName))];
  }

  return {
    box,
    update() {
      const { selection, data: { run } } = store;
      unit.show(selection.words);
      bos.show(selection.bos);
      over.show(selection.over ?? 'one');
      log.show(selection.log);
      fit.show(selection.fit);
      which.hidden = !['mean', 'max'].includes(selection.over);
      if (run) chosen.placeholder = `all heads of layer ${placeOf(store).layer}`;
      if (document.activeElement !== chosen) chosen.value = selection.chosen.join(' ');
      caveat.hidden = selection.over !== 'rollout';
      caveat.textContent = OVER.at(-1).hint;
      summary.classList.toggle('on', selection.words || selection.bos !== 'shown' || selection.log || selection.fit || selection.over !== null);
    },
  };
}
