// The mask lab: a lesson, then each kind of layer of the model side by side; why a cell is hidden is the headline. All
// masks are the model's own rule, from `workbench.masks`.

import { latest } from '../../page/ask.js';
import { h, put } from '../../page/dom.js';
import { themeOf } from '../../page/draw/canvas.js';
import { layerGlyph } from '../heads/badges.js';
import { wordOf } from '../inspector/word.js';
import { anyOf } from '../place.js';
import { createCache } from './mask_cache.js';
import { createControls } from './mask_controls.js';
import { drawKey } from './mask_key.js';
import { layoutOf } from './mask_layout.js';
import { paintMask } from './mask_paint.js';
import { createLessons } from './mask_lessons.js';
import { createReach } from './mask_reach.js';
import { begun, cellOf, fieldsOf, labelsOf, lessonOf, lessonsOf, passOf, questionOf, tokenAt } from './mask_situation.js';
import { headline } from './mask_words.js';

const ASKED = ['run', 'lesson', 'lab', 'named'];
const DRAWN = ['pass', 'query', 'key', 'reach', 'theme', 'size'];
const PHONE = 900;

const open = { step() {}, widen() {}, move() {} }; // of the lab that is on the page
const move = (query, key) => () => open.move(query, key);

export const mask = {
  name: 'mask', title: 'Mask', create: createMask,
  opens: ({ selection }) => (selection.lesson === 'window' ? { query: null, key: null, pass: 0 } : {}),
  hints: [['←', '→', '↑', '↓', 'cell'], ['+', '−', 'window'], ['n', 'next pass'], ['p', 'present']],
  keys: {
    ArrowLeft: move(0, -1), ArrowRight: move(0, 1), ArrowUp: move(-1, 0), ArrowDown: move(1, 0),
    '+': () => open.widen(1), 'Shift++': () => open.widen(1), '=': () => open.widen(1), '-': () => open.widen(-1),
    n: () => open.step(1), 'Shift+N': () => open.step(-1), x() {}, a() {}, b() {},
  },
};

function createMask(page, box) {
  const { store } = page;
  const { lessons } = page.settings.explore;
  box.classList.add('mask');
  const [say, key, reachBox, cacheBox, problem] = ['h2', 'div', 'div', 'section', 'p'].map((tag) => h(tag));
  const lesson = createLessons(page);
  const controls = createControls(page);
  const copy = h('button', { type: 'button', class: 'btn sm copy', onclick: copyText }, 'Copy as text');
  let grids = [];
  const body = h('div', { class: 'grids' });
  Object.assign(say, { className: 'headline' });
  say.setAttribute('aria-live', 'polite');
  Object.assign(key, { className: 'key' });
  Object.assign(reachBox, { className: 'reach' });
  Object.assign(cacheBox, { className: 'cache' });
  Object.assign(problem, { className: 'note t16', role: 'alert' });
  put(box,
    h('div', { class: 'lab' }, lesson.box, controls.box, key, reachBox, copy),
    h('div', { class: 'shown' }, say, problem, body, cacheBox));
  const cache = createCache(page, cacheBox);
  const reach = createReach(page, reachBox);
  Object.assign(open, { step: cache.step, widen: controls.widen, move: moveBy });
  const question = latest();
  let answer = null;
  let layout = null;
  let hovered = null;

  const named = () => (store.selection.named === 'text' ? store.data.run ?? null : null);

  function gridOf({ kind }, at) {
    const about = h('span', { class: 'm' });
    const canvas = h('canvas', { tabindex: at ? '-1' : '0', role: 'img', 'aria-label': 'Mask', onpointermove: point, onpointerleave: () => hover(null), onclick: press });
    const title = `${kind[0].toUpperCase()}${kind.slice(1)} layer`;
    return { kind, about, canvas, box: h('div', { class: `grid-of ${kind}` }, h('h3', {}, title, layerGlyph(kind), about), canvas) };
  }

  function buildGrids() {
    if (grids.map(({ kind }) => kind).join() === answer.kinds.map(({ kind }) => kind).join()) return;
    grids = answer.kinds.map(gridOf);
    put(body, grids.map((grid) => grid.box));
  }

  async function ask() {
    const about = lessonsOf(lessons, store.data.run);
    if (!about.some(({ name }) => name === store.selection.lesson)) return store.select(begun(about[0].name), { push: false });
    lesson.draw(store.data.run);
    controls.draw(store.data.run);
    try {
      answer = await question.ask('masks', questionOf(lessons, store.selection, store.data.run));
      put(problem);
      draw();
    } catch (error) {
      if (error.name !== 'AbortError') put(problem, error.message);
    }
  }

  function draw() {
    if (!answer) return;
    hovered = null;
    buildGrids();
    const theme = themeOf(document.querySelector('#page'));
    const { query } = cellOf(answer, lessonOf(lessons, store.selection), store.selection);
    drawKey(key, answer, passOf(answer, store.selection).stop, theme);
    drawGrids();
    cache.draw(answer, tokensOf(labelsOf(answer, named()), named()));
    reach.draw(answer, { query, causal: fieldsOf(lessons, store.selection).causal, run: store.data.run }, theme);
  }

  function drawGrids() {
    const theme = themeOf(document.querySelector('#page'));
    const chosen = cellOf(answer, lessonOf(lessons, store.selection), store.selection);
    const { stop } = passOf(answer, store.selection);
    const run = named();
    const labels = labelsOf(answer, run);
    const phone = window.innerWidth <= PHONE;
    const words = labels.length > 0;
    const count = grids.length;
    const width = phone ? body.clientWidth - 28 : (body.clientWidth - 44 * (count - 1) + (words ? 72 * (count - 1) : 0)) / count;
    const room = { width, height: phone ? Infinity : body.clientHeight - 34, slanted: !phone };
    layout = layoutOf(answer, room, { words, largest: phone ? 22 : window.innerWidth >= 1700 ? 44 : 30 });
    const second = { ...layout, left: layout.left - (words ? 72 : 0), width: layout.width - (words ? 72 : 0) };
    second.x = (column) => second.left + column * layout.cell;
    second.at = (x, y) => layout.at(x + layout.left - second.left, y);
    grids.forEach((grid, at) => {
      grid.layout = at && !phone ? second : layout;
      const { reasons, window: reach_, rule, sinks } = answer.kinds[at];
      // A lesson has a window of its own, which is not to be taken for the model's.
      const own = store.data.run?.layers.find(({ window: its }) => its)?.window;
      const aside = own && own !== reach_ ? ` in this lesson; ${store.data.run.model} has ${own}` : '';
      const all = fieldsOf(lessons, store.selection).causal ? 'sees all before' : 'sees all';
      const said = reach_ !== null ? `window ${reach_}${aside}` : grid.kind === 'global' ? all : rule.split(':')[0];
      const prefix = answer.prefix[1] && grid.kind !== 'linear' ? '; prefix both ways' : '';
      put(grid.about, said + prefix + (sinks ? '; learned sink' : ''));
      grid.about.title = rule + (sinks ? '; a learned sink takes its share of every row' : '');
      paintMask(grid.canvas, { layout: grid.layout, reasons, labels, words: words && (phone || !at), ...chosen, stop, hover: hovered }, theme);
      grid.canvas.setAttribute('aria-label', `${grid.kind} layer, ${answer.heading}`);
    });
    drawHeadline(hovered ?? chosen, run);
  }

  // Single tokens, as the cache holds them.
  const tokensOf = (labels, run) => labels.map((label) => ({
    ...label, tokens: label.pad || !run ? null : Array.from({ length: label.to - label.from }, (_, at) => run.readable[tokenAt(answer, label.from + at)].text),
  }));

  function drawHeadline(cell, run) {
    const name = (position) => {
      const token = position < answer.length ? tokenAt(answer, position) : null;
      if (position >= answer.length) return [h('b', {}, `slot ${position}`)];
      if (token === null) return [h('b', {}, `<pad> ${position}`)];
      return run ? [wordOf(run, token), h('span', { class: 'm' }, ` ${position}`)] : [h('b', {}, String(position))];
    };
    const parts = headline(answer, cell, fieldsOf(lessons, store.selection).causal);
    const last = parts.pop();
    put(say, parts.map((part) => (part === null || typeof part === 'string' ? part : name(part.query ?? part.key))), last && [' ', h('br'), last]);
  }

  const under = ({ offsetX, offsetY, target }) => {
    const cell = answer && grids.find(({ canvas }) => canvas === target).layout.at(offsetX, offsetY);
    return cell && cell.query < passOf(answer, store.selection).stop ? cell : null;
  };
  function point(event) {
    hover(under(event));
  }
  // The reason of the cell under the pointer is the headline while it rests there.
  function hover(cell) {
    if (!answer || JSON.stringify(cell) === JSON.stringify(hovered)) return;
    hovered = cell;
    drawGrids();
  }
  function press(event) {
    const cell = under(event);
    if (cell) store.select(cell);
  }

  function moveBy(query, by) {
    if (!answer) return;
    const now = cellOf(answer, lessonOf(lessons, store.selection), store.selection);
    const within = (value, count) => Math.max(0, Math.min(count - 1, value));
    store.select({ query: within(now.query + query, passOf(answer, store.selection).stop), key: within(now.key + by, layout.columns) });
  }

  async function copyText() {
    await navigator.clipboard?.writeText(answer.text);
    put(copy, 'Copied');
    page.say('The masks are copied as text.');
  }

  return {
    update(changed) {
      if (anyOf(changed, ...ASKED)) ask();
      else if (anyOf(changed, ...DRAWN)) draw();
    },
  };
}
