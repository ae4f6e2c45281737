// The legend of the masks: what each pattern means, and how many cells have it in each kind of layer.

import { h, put } from '../../page/dom.js';
import { layerGlyph } from '../heads/badges.js';
import { patternOf } from './mask_paint.js';
import { countsOf } from './mask_situation.js';
import { REASONS } from './mask_words.js';

const SIDE = 22; // px of a swatch
const ORDER = [0, 2, 5, 3, 4, 6, 1];

function swatch(reason, theme) {
  const canvas = h('canvas', { class: 'swatch', 'aria-hidden': 'true', width: 2 * SIDE, height: 2 * SIDE });
  const context = canvas.getContext('2d');
  context.scale(2, 2);
  context.globalAlpha = reason ? 1 : 0.38;
  context.fillStyle = reason ? patternOf(context, reason, theme) : theme.accent;
  context.fillRect(0, 0, SIDE, SIDE);
  return canvas;
}

export function drawKey(box, answer, stop, theme) {
  const counts = answer.kinds.map((_, at) => countsOf(answer, at, stop));
  const shown = ORDER.filter((reason) => reason === 0 || counts.some((count) => count[reason]));
  box.style.gridTemplateColumns = `22px minmax(0, 1fr) repeat(${counts.length}, 34px)`;
  put(box, h('span'), h('span', { class: 'm' }, 'cells'), answer.kinds.map(({ kind }) => layerGlyph(kind)), shown.map((reason) => [
    swatch(reason, theme), h('span', {}, REASONS[reason]), counts.map((count) => h('b', {}, String(count[reason]))),
  ]));
}
