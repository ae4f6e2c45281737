// Classify: entities on the left, the sentence and why in the middle, the numbers behind it on the right.

import { h } from '../page/dom.js';
import { createAsked } from './asked.js';
import { createChange } from './change.js';
import { createEntities, step } from './entities.js';
import { EXAMPLES } from './examples.js';
import { createFile } from './file.js';
import { createLegend } from './legend.js';
import { createReasons } from './reasons.js';
import { createSaid } from './said.js';
import { savable } from './savable.js';
import { createSentence } from './sentence.js';
import { createSteps } from './steps.js';
import { createVariant } from './variant.js';
import { createWhy } from './why.js';
import { WORDS } from './words.js';

const how = (value) => (page) => page.store.select({ how: value });

export const classify = {
  name: 'classify',
  title: 'Classify',
  shows: 'labels',
  examples: EXAMPLES,
  hints: [['↑', '↓', 'entity'], ['g', 'gradients'], ['w', 'words out'], ['h', 'heads off'], ['m', 'other mask'], ['e', 'edit a word']],
  keys: {
    ArrowUp: (page) => step(page, -1), ArrowDown: (page) => step(page, 1),
    g: how('grad'), w: how('out'), h: how('heads'), m: how('masks'),
    e: (page) => { const field = page.root().querySelector('#classify .ed input'); field?.focus(); field?.select(); },
  },
  words: WORDS,
  hasStrip: false,
  savable,
  models: (settings) => settings.classify.models,

  mount(page, box) {
    const part = (name) => h('div', { class: name });
    const [asked, steps, sentence, said, change, legend, entities, file] = ['asked', 'steps', 'words', 'result', 'change', 'shading-row', 'list', 'file'].map(part);
    const body = h('div', { class: 'body' }, steps, sentence, said, change);
    const section = h('section', { id: 'classify', 'aria-label': 'Labels and why', tabindex: '-1' },
      h('div', { class: 'middle' }, asked, body, legend), h('aside', { class: 'right', 'aria-label': 'Why this label' }), h('div', { class: 'left' }, entities, file));
    box.append(section);
    const right = section.querySelector('.right');
    const sentenceOf = createSentence(page, sentence, body);
    // In the order in which they are drawn; the sentence is as large as what is below it leaves room for.
    const reasons = createReasons(page);
    const parts = [reasons, createVariant(page), createAsked(page, asked), createSaid(page, said, reasons.cancel), createChange(page, change), createLegend(page, legend),
      createSteps(page, steps), sentenceOf, createEntities(page, entities), createFile(page, file), createWhy(page, right)];
    section.hidden = true;
    return {
      // `changed` is null where everything has to be drawn anew.
      update(changed) {
        if (!page.store.data.labels) return;
        const isFirst = section.hidden;
        section.hidden = false;
        for (const each of parts) each.update(isFirst ? null : changed);
        if (!changed || ['size', 'swaps', 'reasons', 'edit', 'variant', 'how', 'present', 'per'].some((key) => changed.has(key))) sentenceOf.fit();
      },
    };
  },

  async run(page, { text, model }, options) {
    if (model === null) throw new Error('This server offers no classifier: name a folder or a hub id under the model’s name.');
    return { labels: { ...await page.ask('labels', { text, model }, options), model } };
  },
};
