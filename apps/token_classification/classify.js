// Classify: labels of a text, and why each word has its own.

import { h } from '../page/dom.js';

const EXAMPLES = [
  { name: 'Jordan', text: 'In May 1854 the French sailed from Jordan to the coast of Egypt, and Mr. Bennet told the Senate.' },
];

export const classify = {
  name: 'classify',
  title: 'Classify',
  examples: EXAMPLES,
  hints: [['↑', '↓', 'entity']],
  keys: {},
  hasStrip: false,
  models: (settings) => settings.classify.models,

  mount(page, box) {
    const section = h('section', { id: 'classify', 'aria-label': 'Labels' });
    box.append(section);
    return { update: () => {} };
  },

  async run() {
    return {};
  },
};
