// The buttons that zoom the map.

import { h } from '../../page/dom.js';

const BUTTONS = [['+', 'Zoom in (+)', 0.8], ['−', 'Zoom out (−)', 1.25]];

export function createZoomButtons(zoom, whole) {
  const button = (sign, label, act) => h('button', { type: 'button', 'aria-label': label, title: label, onclick: act }, sign);
  return h('div', { class: 'zoom', role: 'group', 'aria-label': 'Zoom' },
    BUTTONS.map(([sign, label, factor]) => button(sign, label, () => zoom(factor))), button('0', 'Whole map (0)', whole));
}
