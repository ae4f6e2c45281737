// The stage: the drawing that is chosen, on one canvas or as text, of the scene that was read.

import { h, put } from '../../page/dom.js';
import { sized } from '../../page/draw/canvas.js';
import { createPalette } from '../../page/draw/colour.js';
import { keyBeside } from '../../page/draw/sink.js';
import { createCells } from './cells.js';
import { createCompared } from './compared.js';
import { createLines } from './lines.js';
import { bindPointing } from './pointing.js';
import { createPublisher } from './publish.js';
import { sceneOf, spoken } from './scene.js';
import { SINK } from '../../page/selection.js';
import { createText } from './text.js';
import { createZoomButtons } from './zoom.js';

const DOCK = 52; // room of a claim below the drawing
const FULL = ['attn_logits', 'attn_scores']; // stages without an empty triangle
const MANY = 60; // units from which zooming is offered
const HIGHEST = 4000; // of lines on a phone

// `more(shown, scene, cells)` is called after each drawing, to read what is still missing.
export function createStage(page, { tooltip, legend, more }) {
  const { store } = page;
  const palette = createPalette(page.settings.explore);
  const canvas = h('canvas', { tabindex: '0', role: 'img', 'aria-label': 'Attention map' });
  const note = h('p', { class: 'note', hidden: true });
  const [cells, lines, text, compared] = [createCells(paint), createLines(), createText(choose), createCompared(page)];
  const zoomButtons = createZoomButtons(zoom, whole);
  page.slots.claim = h('div', { class: 'claim-slot' });
  const box = h('div', { class: 'stage' }, canvas, text.box, compared.box, zoomButtons, note, page.slots.claim);
  const publisher = createPublisher(page);
  let room = null; // {width, height} of the stage, as its observer last saw it
  let shown = null; // {asked, units, names, tiles, parts}: what is on screen
  let scene = null;

  const drawing = () => (shown.names.length ? 'compared' : store.selection.drawing);
  const isZoomed = () => shown !== null && cells.view.size < shown.units.size;

  // Everything of what was read, within `morph` ms where it is the same cells.
  function show(next, morph = 0, keepView = false) {
    shown = next;
    const { fit, log } = store.selection;
    scene = { ...sceneOf(page, palette, shown.asked, shown.units, shown.parts), options: { fit, log } };
    box.parentElement.dataset.drawing = drawing();
    page.slots.claim.hidden = Boolean(shown.asked.over); // it is about one head
    measure(keepView);
    if (drawing() === 'compared') Object.assign(scene, compared.layout(scene, shown.names, shown.tiles, palette));
    else if (drawing() === 'map') cells.show(scene, morph);
    else if (drawing() === 'text') text.draw(scene);
    legend.draw(scene);
    say(scene.unchanged ? 'Nothing changed in this head' : '');
    paint();
    publisher.publish(scene, drawing() === 'map' ? cells : null);
    canvas.setAttribute('aria-label', spoken(scene));
    if (document.activeElement === canvas) page.say(spoken(scene));
    box.parentElement.dataset.shown = `${scene.place.name} ${shown.asked.stage} ${shown.asked.side}`;
    more(shown, scene, cells, isZoomed());
  }

  // The room of the drawing; on a phone it is as high as it needs.
  function measure(keepView) {
    const isMap = drawing() === 'map';
    room ??= { width: box.clientWidth, height: box.clientHeight };
    scene.width = room.width;
    const isDocked = !scene.phone && hasClaimBelow(isMap, keepView);
    box.classList.toggle('docked', isDocked);
    scene.height = scene.phone ? heightOnPhone() : room.height - (isDocked ? DOCK : 0);
    canvas.style.height = `${scene.height}px`;
    const context = canvas.getContext('2d');
    cells.layout(context, scene, keepView);
    if (drawing() === 'lines') lines.layout(context, scene);
    zoomButtons.hidden = !isMap || (shown.units.size < MANY && !isZoomed());
  }

  // A claim lies in the empty triangle of a causal map that is shown whole; it leaves where that is full of numbers.
  function hasClaimBelow(isMap, keepView) {
    if (drawing() === 'compared' || shown.asked.over) return false;
    if (!isMap || !scene.causal) return true;
    return keepView && isZoomed() && !FULL.includes(shown.asked.stage);
  }

  function heightOnPhone() {
    if (drawing() === 'compared') return compared.height(scene, shown.names.length);
    if (drawing() === 'lines') return Math.min(HIGHEST, shown.units.size * 19 + (scene.tile.sinks ? 66 : 40));
    return scene.width - 22;
  }

  function paint() {
    const context = sized(canvas, scene.width, scene.height);
    ({ compared, map: cells, lines }[drawing()])?.draw(context, scene);
  }

  function hit(x, y) {
    return scene && ({ compared, map: cells, lines }[drawing()])?.hit(scene, x, y);
  }

  function say(sentence) {
    put(note, sentence);
    note.hidden = !sentence;
  }

  // Indices of units, as tokens of the selection; a row that is chosen follows its strongest key.
  function choose(patch) {
    const token = (index) => (index === null || index === SINK ? index : shown.units.token(index));
    store.select(Object.fromEntries(Object.entries(patch).map(([name, index]) => [name, token(index)])));
  }

  function changeView(hasChanged) {
    if (hasChanged) show(shown, 0, true);
    return hasChanged;
  }

  function zoom(factor, x, y) {
    return scene !== null && drawing() === 'map' && changeView(cells.zoom(scene, factor, x, y));
  }

  function whole() {
    return scene !== null && changeView(cells.whole(scene));
  }

  function step(query, key) {
    if (!scene) return;
    const within = (index) => Math.max(0, Math.min(shown.units.size - 1, index));
    const from = scene.isSink ? SINK : scene.key ?? scene.query;
    choose({ query: within(scene.query + query), key: keyBeside(from, key, shown.units.size - 1, Boolean(scene.tile.sinks)) });
    if (isZoomed()) changeView(cells.reveal(scene, scene.query, scene.key));
  }

  bindPointing({
    canvas, hit, choose, zoom, whole, scene: () => scene, repaint: paint,
    compared: () => (drawing() === 'compared' ? compared : null),
    pan: (dx, dy) => isZoomed() && drawing() === 'map' && changeView(cells.pan(scene, dx, dy)),
  }, tooltip);
  page.slots.map = { zoom, whole, step };
  new ResizeObserver(([{ contentRect: { width, height } }]) => {
    if (!width) return; // another look is open
    room = { width, height };
    if (shown) show(shown, 0, true);
  }).observe(box);

  return { box, show, say, redraw: () => shown && show(shown, 0, true) };
}
