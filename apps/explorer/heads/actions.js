// What can be done with a head: show it, switch it off, pin it. The rest of the page follows the selection.

import { headName, headOf } from '../../page/selection.js';
import { placeOf } from '../place.js';

export const MOST_PINS = 4;
const order = (name) => headOf(name).layer * 1e4 + headOf(name).head;

export const choose = ({ store }, name) => store.select({ head: name });

export const switchOff = ({ store }, names) => store.select({ off: [...names].sort((a, b) => order(a) - order(b)) });

// Off, or on again; nothing where nothing of the model can be changed.
export function toggle(page, name) {
  const why = page.store.data.run?.lacks?.changes;
  if (why) {
    page.say(why);
    return;
  }
  const { off } = page.store.selection;
  switchOff(page, off.includes(name) ? off.filter((other) => other !== name) : [...off, name]);
}

// Puts a head into a slot (0 is A), or takes it out of it again; two pinned heads are shown side by side.
export function pin({ store }, name, slot = store.selection.pins.length) {
  const { pins, ab } = store.selection;
  const at = Math.min(slot, pins.length, MOST_PINS - 1);
  const others = pins.map((other, index) => (index === at || other === name ? null : other));
  if (pins[at] !== name) others[at] = name;
  const next = others.filter(Boolean);
  store.select({ pins: next, ab: next.length > 1 && (ab || pins.length < 2) });
}

// The head some steps away, on the same layer or in another one.
export function walk(page, layers, heads) {
  const { run } = page.store.data;
  if (!run) return;
  const { layer, head } = placeOf(page.store);
  const within = (value, count) => Math.min(Math.max(value, 0), count - 1);
  const step = Math.sign(layers);
  let there = within(layer + layers, run.layers.length);
  // Layers without softmax have no heads.
  while (run.layers[there].softmax === false && run.layers[there + step] && step) there += step;
  if (run.layers[there].softmax === false) there = layer;
  choose(page, headName({ layer: there, head: within(head + heads, run.heads) }));
}

const shown = (page) => placeOf(page.store).name;

// Keys of Explore that concern heads.
export const headKeys = {
  ArrowLeft: (page) => walk(page, 0, -1),
  ArrowRight: (page) => walk(page, 0, 1),
  ArrowUp: (page) => walk(page, -1, 0),
  ArrowDown: (page) => walk(page, 1, 0),
  x: (page) => page.store.data.run && toggle(page, shown(page)),
  a: (page) => page.store.data.run && pin(page, shown(page), 0),
  b: (page) => page.store.data.run && pin(page, shown(page), 1),
  '/': (page) => page.slots.search?.(),
};
