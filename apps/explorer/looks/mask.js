// The mask lab: a lesson, then both kinds of layer side by side; why a cell is hidden is the headline. All masks are the
// model's own rule, from `workbench.masks`.

import { latest } from '../../page/ask.js';
import { h, put } from '../../page/dom.js';
import { themeOf } from '../../page/draw/canvas.js';
import { layerGlyph } from '../heads/badges.js';
import { wordOf } from '../inspector/word.js';
import { anyOf } from '../place.js';
import { createCache } from './mask_cache.js';
import { createControls } from './mask_controls.js';
import { layoutOf } from './mask_layout.js';
import { paintMask, patternOf } from './mask_paint.js';
import { createReach } from './mask_reach.js';
import { begun, cellOf, countsOf, fieldsOf, labelsOf, lessonOf, passOf, questionOf, tokenAt } from './mask_situation.js';
import { REASONS, headline } from './mask_words.js';

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
  const [told, say, rule, key, reachBox, cacheBox, problem] = ['p', 'h2', 'span', 'div', 'div', 'section', 'p'].map((tag) => h(tag));
  const list = h('div', { class: 'lessons', role: 'radiogroup', 'aria-label': 'Start from', onkeydown: walk });
  const buttons = lessons.map(({ name, title }) => h('button', { type: 'button', role: 'radio', 'data-lesson': name, onclick: () => store.select(begun(name)) }, title));
  const controls = createControls(page);
  const copy = h('button', { type: 'button', class: 'btn sm copy', onclick: copyText }, 'Copy as text');
  const grids = ['local', 'global'].map((kind, at) => {
    const about = h('span', { class: 'm' });
    const canvas = h('canvas', { tabindex: at ? '-1' : '0', role: 'img', onpointermove: point, onpointerleave: () => hover(null), onclick: press });
    return { kind, about, canvas, box: h('div', { class: `grid-of ${kind}` }, h('h3', {}, kind === 'local' ? 'Local layer' : 'Global layer', layerGlyph(kind), about), canvas) };
  });
  const body = h('div', { class: 'grids' }, grids.map((grid) => grid.box));
  Object.assign(told, { className: 'm told' });
  Object.assign(say, { className: 'headline' });
  say.setAttribute('aria-live', 'polite');
  Object.assign(key, { className: 'key' });
  Object.assign(reachBox, { className: 'reach' });
  Object.assign(cacheBox, { className: 'cache' });
  Object.assign(problem, { className: 'note t16', role: 'alert' });
  put(list, buttons);
  put(box,
    h('div', { class: 'lab' }, h('div', { class: 'lesson' }, h('b', {}, 'Mask lab'), list, told), controls.box, key, reachBox, copy),
    h('div', { class: 'shown' }, say, problem, body, cacheBox));
  const cache = createCache(page, cacheBox);
  const reach = createReach(page, reachBox);
  Object.assign(open, { step: cache.step, widen: controls.widen, move: moveBy });
  const question = latest();
  let answer = null;
  let layout = null;
  let hovered = null;

  const named = () => (store.selection.named === 'text' ? store.data.run ?? null : null);

  async function ask() {
    drawLesson();
    try {
      answer = await question.ask('masks', questionOf(lessons, store.selection, store.data.run));
      put(problem);
      draw();
    } catch (error) {
      if (error.name !== 'AbortError') put(problem, error.message);
    }
  }

  function drawLesson() {
    const lesson = lessonOf(lessons, store.selection);
    const isChanged = Object.keys(store.selection.lab).length > 0;
    for (const button of buttons) {
      const on = button.dataset.lesson === lesson.name;
      button.setAttribute('aria-checked', String(on));
      button.tabIndex = on ? 0 : -1;
    }
    put(told, lesson.sentence, isChanged ? [' ', h('button', { type: 'button', class: 'link', onclick: () => store.select(begun(lesson.name)) }, 'Reset')] : null);
    controls.draw(store.data.run);
  }

  function walk(event) {
    const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    const at = buttons.indexOf(event.target);
    if (!by || at < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const next = buttons[(at + by + buttons.length) % buttons.length];
    next.focus();
    next.click();
  }

  function draw() {
    if (!answer) return;
    hovered = null;
    const theme = themeOf(document.querySelector('#page'));
    const { query } = cellOf(answer, lessonOf(lessons, store.selection), store.selection);
    drawKey(passOf(answer, store.selection).stop, theme);
    drawGrids();
    cache.draw(answer, tokensOf(labelsOf(answer, named()), named()));
    reach.draw(answer, { query, causal: fieldsOf(lessons, store.selection).causal, run: store.data.run }, theme);
  }

  function drawGrids() {
    const lesson = lessonOf(lessons, store.selection);
    const theme = themeOf(document.querySelector('#page'));
    const chosen = cellOf(answer, lesson, store.selection);
    const { stop } = passOf(answer, store.selection);
    const run = named();
    const labels = labelsOf(answer, run);
    const phone = window.innerWidth <= PHONE;
    const words = labels.length > 0;
    const width = phone ? body.clientWidth - 28 : (body.clientWidth - 44 + (words ? 72 : 0)) / 2;
    const room = { width, height: phone ? Infinity : body.clientHeight - 34, slanted: !phone };
    layout = layoutOf(answer, room, { words, largest: phone ? 22 : window.innerWidth >= 1700 ? 44 : 30 });
    const second = { ...layout, left: layout.left - (words ? 72 : 0), width: layout.width - (words ? 72 : 0) };
    second.x = (column) => second.left + column * layout.cell;
    second.at = (x, y) => layout.at(x + layout.left - second.left, y);
    grids.forEach((grid, at) => {
      grid.layout = at && !phone ? second : layout;
      const { reasons, window: reach_ } = answer.kinds[at];
      put(grid.about, reach_ === null ? (fieldsOf(lessons, store.selection).causal ? 'sees all before' : 'sees all') : `window ${reach_}`);
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

  function drawKey(stop, theme) {
    const counts = answer.kinds.map((_, at) => countsOf(answer, at, stop));
    put(key, h('span'), h('span', { class: 'm' }, 'cells'), layerGlyph('local'), layerGlyph('global'),
      [0, 2, 3, 1].filter((reason) => reason === 0 || counts.some((count) => count[reason])).map((reason) => [
        swatch(reason, theme), h('span', {}, REASONS[reason]), counts.map((count) => h('b', {}, String(count[reason]))),
      ]));
  }

  function swatch(reason, theme) {
    const canvas = h('canvas', { class: 'swatch', 'aria-hidden': 'true', width: 44, height: 44 });
    const context = canvas.getContext('2d');
    context.scale(2, 2);
    context.globalAlpha = reason ? 1 : 0.38;
    context.fillStyle = reason ? patternOf(context, reason, theme) : theme.accent;
    context.fillRect(0, 0, 22, 22);
    return canvas;
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
