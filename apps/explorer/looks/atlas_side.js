// The right column of the atlas: how many heads are in the frame, in which layers, which ones, and what to do with them.

import { h, put } from '../../page/dom.js';
import { switchOff } from '../heads/actions.js';
import { headRow } from '../heads/list.js';
import { METRICS, fullOf, valueOf } from '../heads/scored.js';
import { csvOf, mostLie } from './atlas_frame.js';
import { svg } from '../svg.js';

const [TALL, BARS] = [78, 48]; // px: of the histogram, of its bars

export function createSide(page, box) {
  const { store } = page;

  function histogram(run, inside, width) {
    const L = run.layers.length;
    const counts = run.layers.map((_, layer) => inside.filter((head) => head.layer === layer).length);
    const most = Math.max(1, ...counts);
    const wide = Math.min(width / L, 40);
    const every = L > 48 ? 20 : L > 12 ? 5 : 1;
    const bars = counts.flatMap((count, layer) => {
      const [x, tall] = [layer * wide, Math.max(1.5, (BARS * count) / most)];
      const bar = svg('rect', { x, y: 8 + BARS - tall, width: wide - 2, height: tall, rx: 1, class: count ? 'some' : 'none' });
      const middle = x + wide / 2 - 1;
      const number = layer === counts.indexOf(most) && most > 1 ? [svg('text', { class: 'most', x: middle, y: 4, 'text-anchor': 'middle' }, String(most))] : [];
      return [bar, ...number, ...(layer % every ? [] : [svg('text', { x: middle, y: 72, 'text-anchor': 'middle' }, String(layer))])];
    });
    return svg('svg', { class: 'histogram', width, height: TALL, viewBox: `0 0 ${width} ${TALL}`, role: 'img', 'aria-label': 'Heads in the frame by layer' }, bars);
  }

  function buttons(run, inside, heads, scored) {
    const names = inside.map(({ name }) => name);
    const { off } = store.selection;
    const areOff = names.length > 0 && names.length === off.length && names.every((name) => off.includes(name));
    const label = names.length === 1 ? `Switch ${names[0]} off` : `Switch the ${names.length} off`;
    return h(
      'div', { class: 'act' },
      h('button', { type: 'button', class: 'btn pri', disabled: !names.length, onclick: () => switchOff(page, areOff ? [] : names) }, areOff ? 'Restore' : label),
      h('button', { type: 'button', class: 'btn', title: 'All heads, a row each', onclick: () => saveCsv(run, scored, csvOf(heads, scored)) }, 'Save as CSV'),
    );
  }

  function draw({ run, heads, inside, frame, scored, shown, up }) {
    const { scores, types } = scored;
    const full = fullOf(scores, up);
    const reach = frame ? `${METRICS[up]} ${Math.max(0, frame.bottom).toFixed(1)} to ${Math.min(full, frame.top).toFixed(1)}` : 'none';
    const rows = inside.map((head) => {
      const row = headRow(head, types[head.layer]?.[head.head] ?? null, valueOf(scores, up, head), full);
      row.classList.toggle('sel', head.name === shown);
      row.classList.toggle('off', store.selection.off.includes(head.name));
      return row;
    });
    put(
      box, h('h2', {}, 'In the frame', h('span', { class: 'm' }, reach)),
      h('p', { class: 'hero' }, h('b', {}, String(inside.length)), h('span', { class: 'm' }, `of ${heads.length} heads`)),
      h('p', { class: 'say' }, frame ? mostLie(inside) : 'Draw a frame in the scatter.'),
      histogram(run, inside, box.clientWidth - 40), buttons(run, inside, heads, scored),
      h('div', { class: 'head-list plain', onclick: choose }, rows),
    );
  }

  function choose(event) {
    const row = event.target.closest('.row');
    if (row) store.select({ head: row.dataset.head });
  }

  return { draw };
}

function saveCsv({ model }, { said, name }, text) {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  // Scores of a sweep say so in the name of their file.
  const whole = name ? `${model} over ${said}` : model;
  h('a', { href: address, download: `heads_${whole.replace(/[^\w.-]+/g, '-')}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
