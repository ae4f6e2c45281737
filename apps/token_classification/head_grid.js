// What each head is worth, layer by layer; a head that is chosen shows where it looks.

import { h, put } from '../page/dom.js';
import { createPalette } from '../page/draw/colour.js';
import { layerGlyph } from '../page/layer_glyph.js';
import { headName, headOf } from '../page/selection.js';
import { createToolbar } from '../page/toolbar.js';
import { signed } from './numbers.js';
import { stepOf } from './paint.js';

const NUMBERED = 0.3; // of the largest
const [WIDE, TALL] = [8, 12]; // heads in a row, and layers, that leave room for numbers

export function createHeadGrid(page, box) {
  const { store } = page;
  const palette = createPalette(page.settings.explore);
  const grid = h('div', { class: 'hg' });
  const line = h('p', { class: 'speaks' });
  const toolbar = createToolbar(grid, 'Heads by layer');

  const chosen = () => (store.selection.how === 'look' ? headOf(store.selection.head) ?? store.data.reasons?.attention ?? null : null);

  function choose(name) {
    const isOn = chosen() && headName(chosen()) === name;
    store.select(isOn ? { how: 'heads' } : { how: 'look', head: name });
  }

  function cell(effect, layer, head, { most, own, isSmall }) {
    const name = headName({ layer, head });
    const step = stepOf(effect, most, 'diverging') ?? 127;
    const { css, ink } = palette.table({ scale: 'diverging' });
    return h('button', {
      type: 'button', 'data-head': name, 'aria-pressed': String(own === name), 'aria-label': `${name}: ${signed(effect)}`, title: `${name}: ${signed(effect)} log-odds lost when it is off. Click: where it looks`,
      style: { background: css[step], color: ink[step] }, onclick: () => choose(name),
    }, !isSmall && Math.abs(effect) >= NUMBERED * most ? signed(effect) : '');
  }

  function draw() {
    const answer = store.data.reasons?.heads;
    if (!answer?.effects) return put(box, h('p', { class: 'm' }, answer?.error ?? 'Working …'));
    const { effects, kinds, ranked, label } = answer;
    const heads = effects[0].length;
    const isSmall = heads > WIDE || effects.length > TALL;
    const most = Math.max(...effects.flat().map(Math.abs));
    const own = chosen() && headName(chosen());
    const focused = grid.contains(document.activeElement) ? document.activeElement.dataset.head : null;
    grid.classList.toggle('small', isSmall);
    grid.style.gridTemplateColumns = `32px repeat(${heads}, minmax(0, 1fr))`;
    put(grid, h('span'), Array.from({ length: heads }, (_, head) => h('span', { class: 'hn' }, String(head))),
      effects.map((row, layer) => [h('span', { class: 'lab', title: `layer ${layer}: ${kinds[layer]}` }, String(layer), layerGlyph(kinds[layer])), ...row.map((effect, head) => cell(effect, layer, head, { most, own, isSmall }))]));
    const [top] = ranked;
    const at = top.looks_at;
    put(line, h('b', {}, headName(top)), ` speaks ${top.effect > 0 ? `for ${label}` : 'against it'}, looking at `, at.text ? h('b', {}, h('bdi', {}, at.text)) : 'the first token', at.own ? ' itself.' : '.');
    put(box, grid, line);
    toolbar.update();
    if (focused) grid.querySelector(`[data-head="${focused}"]`)?.focus();
  }

  return {
    update(changed) {
      if (!changed || ['reasons', 'how', 'head', 'theme'].some((key) => changed.has(key))) draw();
    },
  };
}
