// The legend: colour bar, ticks, the quantity, what hidden cells mean, and the formula.

import { h, put } from '../../page/dom.js';
import { paintTable } from '../../page/draw/canvas.js';
import { tickText } from '../../page/draw/scale.js';
import { formulaOf, rolloutFormula } from './formulas.js';

const BAR = 220;
const SURE = 20; // characters that fit beside any formula

export function createLegend() {
  const bar = h('canvas', { width: 2 * BAR, height: 16, 'aria-hidden': 'true' });
  const [ticks, said, hidden, formula] = [h('div', { class: 'ticks' }), h('span', { class: 'said' }), h('span', { class: 'hiddens' }), h('span', { class: 'formula' })];
  const words = h('div', { class: 'words' }, said, hidden);
  const box = h('div', { class: 'map-legend' }, h('div', { class: 'scale' }, bar, ticks), words, formula);

  let painted = null; // the table in the bar

  // scene: {scale, table, look, asked, run, tile, hatches, causal, quantity}
  function draw(scene) {
    const { scale, table, look, asked, run } = scene;
    if (painted !== table) paintTable(bar, table);
    painted = table;
    put(ticks, scale.ticks.map((tick) => h('span', { style: { left: `${100 * tick.at}%` } }, tickText(tick))));
    const { pool } = scene.tile;
    put(said, scene.quantity, pool > 1 ? `; each square: the largest of ${Math.ceil(pool)} × ${Math.ceil(pool)}` : '');
    put(hidden, swatches(scene));
    formula.title = asked.over === 'rollout' ? 'Abnar and Zuidema 2020' : look.formula;
    formula.hidden = false;
    put(formula, asked.over === 'rollout' ? rolloutFormula() : formulaOf(asked.stage, run.layers[asked.layer], scene.causal));
    // What the colours mean goes before how they are computed. Few words fit always, and measuring costs a layout.
    const isCut = () => said.scrollHeight > said.clientHeight || words.scrollWidth > words.clientWidth;
    if (!scene.phone && said.textContent.length > SURE) formula.hidden = isCut();
  }

  return { box, draw };
}

// One swatch for each reason that hides a cell and has a pattern.
function swatches({ tile, hatches, reasons, look }) {
  const told = tile.present.filter((code) => code && hatches[code] && look.masked).map((code) => {
    const swatch = h('canvas', { class: 'swatch', width: 14, height: 14 });
    const context = swatch.getContext('2d');
    context.fillStyle = context.createPattern(hatches[code], 'repeat');
    context.fillRect(0, 0, 14, 14);
    return h('span', {}, swatch, reasons[code].label);
  });
  const isFaded = !look.masked && tile.present.some((code) => code);
  return [...told, isFaded ? h('span', {}, 'faded: the mask will hide it') : null];
}

// What the colours stand for, in words.
export function quantityOf({ asked, look, isOff, unit, hasSink = false }) {
  const over = asked.over && asked.over !== 'rollout' ? `${asked.over} ` : '';
  const words = unit !== 'words' ? '' : asked.stage === 'attn_probs' ? ', words: mean of the query’s, sum of the key’s tokens' : ', words: the largest of their tokens';
  const bos = { hidden: ', <bos> left out', renormalised: `, without <bos>${hasSink ? ' and sink' : ''}, rows sum to 1` }[asked.bos] ?? '';
  if (asked.over === 'rollout') return `rollout (Abnar and Zuidema 2020), without values, MLPs and norms${bos}`;
  if (asked.difference) return `after − before: ${isOff && asked.stage === 'contribution' ? 'what it no longer writes' : `${over}${look.quantity}`}${words}`;
  return `${over}${look.quantity}${words}${bos}`;
}
