// Keys of the map: Shift and arrows move the cell, digits choose the stage, letters the drawing.

import { STAGES } from '../../page/selection.js';

const cell = (query, key) => (page) => page.slots.map?.step(query, key);
const zoom = (factor) => (page) => page.slots.map?.zoom(factor);
const drawing = (name) => (page) => page.store.select({ drawing: name });

export const mapKeys = {
  'Shift+ArrowUp': cell(-1, 0),
  'Shift+ArrowDown': cell(1, 0),
  'Shift+ArrowLeft': cell(0, -1),
  'Shift+ArrowRight': cell(0, 1),
  ...Object.fromEntries(STAGES.map((stage, at) => [String(at + 1), (page) => page.store.select({ stage })])),
  m: drawing('map'),
  l: drawing('lines'),
  t: drawing('text'),
  '+': zoom(0.8),
  'Shift++': zoom(0.8),
  '=': zoom(0.8),
  '-': zoom(1.25),
  0: (page) => page.slots.map?.whole(),
};
