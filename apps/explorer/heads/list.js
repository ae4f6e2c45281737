// Heads ranked by a score: a row each, with badge, bar and number.

import { h, put } from '../../page/dom.js';
import { anyOf, placeOf } from '../place.js';
import { choose, toggle } from './actions.js';
import { badge, labelOf } from './badges.js';
import { shortText } from '../../page/draw/format.js';
import { isLarge } from './grid.js';
import { LAYER_ORDER, fullOf, headsOf, isFound, metricFor, ranked, scoredOf, valueOf } from './scored.js';
import { pictured } from './thumbnails.js';

const FIRST = 8; // rows on a phone before "All heads"
const PHONE = 900;
const SLIDE = { duration: 260, easing: 'cubic-bezier(.2, .7, .2, 1)' };

// A row that shows a head: a button with its name, badge, bar and number.
export function headRow(head, kind, value, full, picture = null) {
  const bar = h('i', { style: { width: `${100 * Math.min(1, (value ?? 0) / full)}%` } });
  return h(
    'button', { type: 'button', class: 'row', 'data-head': head.name },
    picture, h('b', { class: 'nm' }, head.name), badge(kind), h('span', { class: 'bar' }, bar),
    h('span', { class: 'number' }, value === null ? '–' : shortText(value)),
  );
}

export function createList(page, thumbnails) {
  const { store } = page;
  const box = h('div', { class: 'head-list', role: 'group', 'aria-label': 'Heads, ranked', onclick: click });
  let rows = [];
  let all = false;
  let painted = 0;

  function click(event) {
    const row = event.target.closest('.row');
    if (!row) return;
    if (event.shiftKey) toggle(page, row.dataset.head);
    else choose(page, row.dataset.head);
  }

  function build(slides) {
    const { run } = store.data;
    const { sort, find } = store.selection;
    const { scores, types } = scoredOf(store);
    const metric = metricFor(sort, scores, run.opening);
    const number = metric === LAYER_ORDER ? metricFor('induction', scores, run.opening) : metric;
    const typeOf = ({ layer, head }) => types[layer]?.[head] ?? null;
    const found = ranked(headsOf(run), scores, metric).filter((head) => isFound(find, head, labelOf(typeOf(head))));
    const isCut = window.innerWidth <= PHONE && !all && found.length > FIRST;
    const before = new Map(slides ? rows.map(({ head, element }) => [head.name, element.offsetTop]) : []);
    const full = fullOf(scores, number);
    rows = found.slice(0, isCut ? FIRST : undefined).map((head) => {
      const canvas = isLarge(run) ? null : h('canvas');
      return { head, canvas, element: headRow(head, typeOf(head), valueOf(scores, number, head), full, canvas) };
    });
    box.classList.toggle('plain', isLarge(run));
    const more = isCut && h('button', { type: 'button', class: 'btn more', onclick: () => { all = true; build(false); mark(); paint(); } }, `All ${found.length} heads`);
    put(box, rows.map(({ element }) => element), more || null, rows.length ? null : h('p', { class: 'none' }, 'No head is called so.'));
    if (!matchMedia('(prefers-reduced-motion: reduce)').matches) slide(before);
    box.scrollTop = 0;
  }

  function slide(before) {
    for (const { head, element } of rows.slice(0, 40)) {
      const moved = (before.get(head.name) ?? element.offsetTop) - element.offsetTop;
      if (moved) element.animate([{ transform: `translateY(${moved}px)` }, { transform: 'none' }], SLIDE);
    }
  }

  function mark() {
    const shown = placeOf(store).name;
    for (const { head, element } of rows) {
      const isShown = head.name === shown;
      element.classList.toggle('sel', isShown);
      element.classList.toggle('off', store.selection.off.includes(head.name));
      element.setAttribute('aria-pressed', isShown);
      element.tabIndex = isShown ? 0 : -1;
    }
    if (rows.length && !rows.some(({ element }) => element.tabIndex === 0)) rows[0].element.tabIndex = 0;
  }

  async function paint() {
    if (isLarge(store.data.run)) return;
    const turn = painted += 1;
    const pictures = await thumbnails.load(pictured(store)).catch(() => null);
    if (!pictures || turn !== painted) return;
    for (const { head, canvas } of rows) thumbnails.paint(canvas, pictures, head.layer, head.head);
  }

  // Rows of such a height that none is cut.
  function fit() {
    if (window.innerWidth <= PHONE || !box.clientHeight) return box.style.removeProperty('--row');
    const wished = window.innerWidth > 1700 ? 40 : 36;
    return box.style.setProperty('--row', `${box.clientHeight / Math.max(1, Math.round(box.clientHeight / wished))}px`);
  }

  return {
    box,
    update(changed) {
      const rebuilt = anyOf(changed, 'run', 'sort', 'scored', 'random', 'swept', 'sweep', 'find');
      if (rebuilt) build(changed !== null && !changed.has('run'));
      if (rebuilt || anyOf(changed, 'size')) fit();
      mark();
      if (rebuilt || anyOf(changed, 'pair', 'side', 'theme')) paint();
    },
  };
}
