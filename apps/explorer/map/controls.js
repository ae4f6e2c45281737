// The row of controls: drawing, stage, side of a change, and how it is viewed.

import { h, segments } from '../../page/dom.js';
import { placeOf } from '../place.js';
import { createViewMenu } from './view_menu.js';

// Long and short names; a narrow row shows the short ones.
const named = (long, short = long) => [h('span', { class: 'long' }, long), h('span', { class: 'short' }, short)];
const DRAWINGS = [['map', 'Map'], ['lines', 'Lines'], ['text', 'Text']];
const STAGES = {
  attn_logits: ['Raw'], attn_scores: ['Softcap', 'Cap'], attn_masked: ['Mask'], attn_probs: ['Probability', 'Prob.'],
  contribution: ['Contribution', 'Contr.'],
};
const SIDES = [['before', 'Before'], ['after', 'After'], ['difference', 'Difference', 'Diff.']];

export function createControls(page) {
  const { store, settings } = page;
  const [drawings, stages, sides] = [h('div', { class: 'drawings' }), h('div', { class: 'stages' }), h('div', { class: 'sides' })];
  const showDrawing = segments(drawings, 'Drawing', DRAWINGS.map(([value, label]) => ({ value, label })), (drawing) => store.select({ drawing }));
  const showStage = segments(
    stages, 'Stage', settings.explore.stages.map(({ name, help }) => ({ value: name, label: named(...STAGES[name]), hint: help })),
    (stage) => store.select({ stage }),
  );
  const showSide = segments(sides, 'Before or after the change', SIDES.map(([value, ...names]) => ({ value, label: named(...names) })), (side) => store.select({ side }));
  const menu = createViewMenu(page);
  const box = h('div', { class: 'controls' }, drawings, stages, h('span', { class: 'grow' }), sides, menu.box);

  return {
    box,
    update(changed) {
      const { selection, data } = store;
      showDrawing(selection.drawing);
      showStage(selection.over === 'rollout' ? 'attn_probs' : placeOf(store).stage);
      [...stages.children].forEach((button, at) => {
        const isKnown = data.run.stages?.includes(settings.explore.stages[at].name) ?? true;
        button.disabled = selection.over === 'rollout' || !isKnown;
        button.title = isKnown ? settings.explore.stages[at].help : `Not known of this model: ${data.run.tier}`;
      });
      sides.hidden = !data.pair;
      showSide(selection.side);
      box.classList.toggle('crowded', Boolean(data.pair));
      menu.update(changed);
    },
  };
}
