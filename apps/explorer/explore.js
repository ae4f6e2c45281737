// Explore: heads on the left, the chosen head in the middle, why its number is so on the right.

import { h } from '../page/dom.js';
import { createChanges, restore } from './changes/changes.js';
import { headKeys } from './heads/actions.js';
import { createHeads } from './heads/heads.js';
import { createInspector } from './inspector/inspector.js';
import { attention } from './map/map.js';
import { atlas, atlasKeys } from './looks/atlas.js';
import { savable } from './savable.js';

// What the middle can show: {name, title, create(page, box)}; the first is the main state.
const LOOKS = [attention, atlas];

const EXAMPLES = [
  { name: 'Induction', text: 'red blue green seven nine red blue green seven nine red blue green seven nine red blue' },
  { name: 'Names', text: 'Emma was glad to see Mr. Knightley, and Mr. Knightley was glad to see Emma. She asked him to stay.' },
];

export const explore = {
  name: 'explore',
  title: 'Explore',
  examples: EXAMPLES,
  hints: [['←', '→', 'head'], ['↑', '↓', 'layer'], ['r', 'restore']],
  keys: { ...headKeys, ...atlasKeys, r: restore },
  savable,
  looks: LOOKS.map(({ name, title }) => ({ name, title })),
  models: (settings) => settings.explore.models,

  mount(page, box) {
    const sections = [
      h('section', { id: 'heads', 'aria-label': 'Heads' }),
      h('section', { id: 'map', 'aria-label': 'Attention of the head', tabindex: '-1' }),
      h('aside', { id: 'inspector', 'aria-label': 'Why this number' }),
    ];
    box.append(...sections);
    const sides = [createHeads(page, sections[0]), createInspector(page, sections[2]), createChanges(page)];
    const middles = LOOKS.map(({ name, create }) => {
      const middle = h('div', { class: 'look', 'data-look': name });
      sections[1].append(middle);
      return { name, middle, part: create(page, middle) };
    });
    return {
      // `changed` is null where everything has to be drawn anew.
      update(changed) {
        sides.forEach((part) => part.update(changed));
        for (const { name, middle, part } of middles) {
          const isOpen = name === page.store.selection.look;
          const wasHidden = middle.hidden;
          middle.hidden = !isOpen;
          if (isOpen) part.update(wasHidden ? null : changed);
        }
      },
    };
  },

  async run(page, options) {
    const { text, model } = page.store.selection;
    const run = await page.ask('run', { text: text ?? EXAMPLES[0].text, model: model ?? page.settings.explore.models[0] }, options);
    return { run };
  },
};
