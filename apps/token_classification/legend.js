// What the colours mean, and the formula of what is explained.

import { h, put } from '../page/dom.js';
import { createPalette } from '../page/draw/colour.js';
import { stepOf } from './paint.js';
import { cut } from './place.js';
import { SHOWS } from './reasons.js';

const STEPS = 16;
const LONGEST = 12; // of a label
const QUANTITIES = { out: 'log-odds lost without it', grad: 'share of the log-odds', heads: 'log-odds lost without the heads', look: 'share of the attention', masks: 'probability lost' };
const SPACE = 'http://www.w3.org/1998/Math/MathML';

function m(name, ...children) {
  const element = document.createElementNS(SPACE, name);
  element.append(...children);
  return element;
}

const score = (label) => m('msub', m('mi', 'z'), m('mtext', cut(label, LONGEST)));

export function createLegend(page, box) {
  const { store } = page;
  const palette = createPalette(page.settings.explore);

  function draw() {
    const { how } = store.selection;
    const answer = store.data.reasons?.[SHOWS[how]];
    if (!answer || answer.error) return put(box);
    const scale = how === 'look' ? 'sequential' : 'diverging';
    const { css } = palette.table({ scale });
    const shades = Array.from({ length: STEPS }, (_, at) => {
      const share = scale === 'sequential' ? (at + 1) / STEPS : (2 * (at + 0.5)) / STEPS - 1;
      return h('i', { style: { background: css[stepOf(share, 1, scale) ?? 127] } });
    });
    const ends = how === 'look' ? ['0', 'most'] : how === 'masks' ? ['surer', '0', 'less sure'] : [`for ${cut(answer.against, LONGEST)}`, '0', `for ${cut(answer.label, LONGEST)}`];
    return put(box, h('div', { class: 'shading' }, h('div', { class: 'shades', 'aria-hidden': 'true' }, shades), h('div', { class: 'ends' }, ends.map((end) => h('span', {}, end)))),
      h('span', { class: 'm' }, QUANTITIES[how]), h('span', { class: 'grow' }),
      how === 'look' || how === 'masks' ? null : m('math', m('mi', 'f'), m('mo', '='), score(answer.label), m('mo', '−'), score(answer.against)));
  }

  return {
    update(changed) {
      if (!changed || ['reasons', 'how', 'theme'].some((key) => changed.has(key))) draw();
    },
  };
}
