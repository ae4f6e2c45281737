// Explore: heads on the left, the chosen head in the middle, why its number is so on the right.

import { h } from '../page/dom.js';
import { createChanges } from './changes/changes.js';
import { restore } from './changes/restore.js';
import { headKeys } from './heads/actions.js';
import { badge, layerGlyph } from './heads/badges.js';
import { createHeads } from './heads/heads.js';
import { scoredOf } from './heads/scored.js';
import { createInspector } from './inspector/inspector.js';
import { createLack } from './lacks.js';
import { aheadOf, keepAhead } from './ahead.js';
import { compare } from './looks/compare.js';
import { mask } from './looks/mask.js';
import { patching } from './looks/patching.js';
import { prediction } from './looks/prediction.js';
import { softcap } from './looks/softcap.js';
import { mapKeys } from './map/keys.js';
import { attention } from './map/map.js';
import { atlas, atlasKeys } from './looks/atlas.js';
import { placeOf } from './place.js';
import { createSweeps } from './sweeps/loading.js';
import { headPage } from './sweeps/head_page.js';
import { savable } from './savable.js';

// What the middle can show: {name, title, create(page, box)}; the first is the main state. Some have {keys, hints} of
// their own, as a mode has, and {opens(store)}: the patch of the selection with which the menu opens them.
const LOOKS = [attention, atlas, headPage, prediction, softcap, mask, compare, patching];

// Keys of a look come before those of the mode while it is open.
function keysOf(others, { name, keys = {} }) {
  const own = Object.entries(keys).map(([key, act]) => [key, (page, event) => (page.store.selection.look === name ? act : others[key])?.(page, event)]);
  return { ...others, ...Object.fromEntries(own) };
}

const EXAMPLES = [
  { name: 'Induction', text: 'red blue green seven nine red blue green seven nine red blue green seven nine red blue' },
  { name: 'Names', text: 'Emma was glad to see Mr. Knightley, and Mr. Knightley was glad to see Emma. She asked him to stay.' },
  { name: 'Window', text: 'The President of the United States met the Prime Minister of Canada. The President of the United States spoke to the people of the city about the war, and the Prime Minister of Canada spoke after the President.' },
  { name: 'Sink', text: 'It was a fine day.' },
  { name: 'Caps', text: 'THE CAT SAT ON THE MAT. The cat sat on the mat.' },
  { name: 'Softcap', text: 'zebra lamp seven cloud ticket river zebra lamp seven cloud ticket river zebra lamp' },
  { name: 'Odd characters', text: 'café — naïve,\tשלום עולם 中文字 👩‍👧\nend' },
];

export const explore = {
  name: 'explore',
  title: 'Explore',
  examples: EXAMPLES,
  hints: [['←', '→', 'head'], ['↑', '↓', 'layer'], ['x', 'switch off'], ['r', 'restore'], ['p', 'present']],
  keys: LOOKS.reduce(keysOf, { ...headKeys, ...atlasKeys, ...mapKeys, r: restore }),
  savable,
  looks: LOOKS.map(({ name, title, hints, opens }) => ({ name, title, hints, opens })),
  models: (settings) => settings.explore.models,
  traces: (settings) => settings.traces,

  // The head, for who presents it.
  who(store) {
    const { layer, head, name } = placeOf(store);
    const { layers } = store.data.run;
    const { types } = scoredOf(store);
    return [h('b', {}, name), layerGlyph(layers[layer].kind), layers[layer].kind, badge(types?.[layer]?.[head] ?? null)];
  },

  // The map first: it is the first to be reached by Tab, and the first where columns are stacked.
  mount(page, box) {
    const sections = {
      map: h('section', { id: 'map', 'aria-label': 'Attention of the head', tabindex: '-1' }),
      heads: h('section', { id: 'heads', 'aria-label': 'Heads' }),
      inspector: h('aside', { id: 'inspector', 'aria-label': 'Why this number' }),
    };
    box.append(...Object.values(sections));
    const lack = createLack(page);
    sections.map.append(lack.box);
    const sides = [createHeads(page, sections.heads), createInspector(page, sections.inspector), createChanges(page), createSweeps(page)];
    const middles = LOOKS.map(({ name, create }) => {
      const middle = h('div', { class: 'look', 'data-look': name });
      sections.map.append(middle);
      return { name, middle, part: create(page, middle) };
    });
    return {
      // `changed` is null where everything has to be drawn anew.
      update(changed) {
        sides.forEach((part) => part.update(changed));
        const { selection, data } = page.store;
        const isLacking = lack.draw(LOOKS.find(({ name }) => name === selection.look), data.run);
        box.toggleAttribute('data-lacking', isLacking);
        box.toggleAttribute('data-blank', !data.run);
        for (const { name, middle, part } of middles) {
          const isOpen = name === selection.look && !isLacking;
          const wasHidden = middle.hidden;
          middle.hidden = !isOpen;
          if (isOpen) part.update(wasHidden ? null : changed);
        }
      },
    };
  },

  async run(page, { text, model, trace }, options) {
    if (trace) return { run: await page.ask('saved', { trace }, options), pair: null };
    const { ahead, ...run } = await page.ask('run', { text, model, ahead: aheadOf(page.store.selection) }, options);
    keepAhead(run, ahead);
    return { run, pair: null };
  },
};
