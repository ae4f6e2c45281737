// How far information reaches, read downwards: what still matters for the chosen position, layer below layer.

import { h, put, segments } from '../../page/dom.js';
import { sized } from '../../page/draw/canvas.js';
import { lookOf } from '../../page/layer_glyph.js';
import { fillsOf } from './mask_paint.js';
import { reachSentence } from './mask_words.js';

const [LEFT, ROOM, TALLEST] = [44, 168, 23]; // px
const TOP = 3;
const PADDING = 3; // the reason

export function createReach(page, box) {
  const { store } = page;
  const choose = h('div', {});
  const canvas = h('canvas', { role: 'img', 'aria-label': 'Reach over layers' });
  const [title, said] = [h('div', { class: 'reach-title' }, h('b', {}, 'Reach over layers'), choose), h('p', { class: 't16' })];
  put(box, title, canvas, said);
  let showReach = null;
  let named = null;

  function draw(answer, { query, causal, run }, theme) {
    const model = answer.reach.model && run?.model.split('/').at(-1);
    if (named !== model) {
      named = model;
      const options = [...(answer.reach.local ? [{ value: 'local', label: 'Local' }] : []), ...(model ? [{ value: 'model', label: `As in ${model}` }] : [])];
      showReach = segments(choose, 'Layers', options, (reach) => store.select({ reach }));
    }
    const shown = model && (store.selection.reach === 'model' || !answer.reach.local) ? 'model' : 'local';
    showReach(shown);
    const reach = answer.reach[shown];
    paint(answer, reach, query, theme);
    const sentence = reachSentence(answer, reach, query, { causal, name: shown === 'model' ? model : null });
    put(said, sentence);
    canvas.setAttribute('aria-label', sentence);
  }

  function paint(answer, { layers, first }, query, theme) {
    const width = said.clientWidth;
    const L = layers.length;
    const wide = (width - LEFT) / answer.length;
    const tall = Math.max(7, Math.min(TALLEST, Math.floor(ROOM / (L + 1))));
    const height = tall * (L + 1) + TOP;
    canvas.style.cssText = `width: ${width}px; height: ${height}px`;
    const context = sized(canvas, width, height);
    const fills = fillsOf(context, theme);
    const [from, to] = answer.pads;
    const every = Math.ceil(16 / tall);
    for (let row = 0; row <= L; row += 1) {
      const layer = L - 1 - row;
      for (let position = 0; position < answer.length; position += 1) {
        const passed = first[query][position];
        const isReached = passed >= 0 && passed <= row;
        const isPad = position >= from && position < to && position !== query;
        context.globalAlpha = isReached && !isPad && row > 0 ? 0.38 : 1;
        context.fillStyle = isPad ? fills[PADDING] : isReached ? fills[0] : theme.panel2;
        context.beginPath();
        context.roundRect(LEFT + position * wide, TOP + row * tall, Math.max(1, wide - 2), tall - (tall > 10 ? 3 : 1), 2);
        context.fill();
      }
      context.globalAlpha = 1;
      if (row % every && row < L) continue;
      Object.assign(context, { fillStyle: theme.ink2, font: theme.font(Math.min(14, Math.max(11, tall))), textBaseline: 'middle', textAlign: 'right' });
      const y = TOP + row * tall + tall / 2 - 1;
      context.fillText(row === L ? 'text' : String(layer), row === L ? LEFT - 8 : LEFT - 26, y);
      if (row < L) glyph(context, layers[layer], LEFT - 20, y, theme);
    }
  }

  function glyph(context, kind, x, y, theme) {
    const style = getComputedStyle(document.querySelector('#page'));
    context.fillStyle = style.getPropertyValue(`--${kind}`).trim() || theme.ink2;
    const shape = new Path2D(lookOf(kind).glyph);
    context.save();
    context.translate(x, y - 5);
    context.scale(0.5, 0.5);
    context.fill(shape);
    context.restore();
  }

  return { draw };
}
