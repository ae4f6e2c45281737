// The middle's main state: the attention of the chosen head as map, lines or text, for one head, several, or pinned ones
// side by side. It publishes the row that it shows, and where the map lies.

import { h, put } from '../../page/dom.js';
import { sized } from '../../page/draw/canvas.js';
import { createPalette } from '../../page/draw/colour.js';
import { cellOf } from '../../page/draw/tiles.js';
import { valueText } from '../../page/draw/format.js';
import { anyOf, placeOf } from '../place.js';
import { addressOf, askedOf, comparedOf } from './asked.js';
import { createCells } from './cells.js';
import { createCompared } from './compared.js';
import { createControls } from './controls.js';
import { bindPointer } from './input.js';
import { createLegend } from './legend.js';
import { createLines } from './lines.js';
import { createLoader, createPrefetch } from './loading.js';
import { MORPH } from './picture.js';
import { createPublisher } from './publish.js';
import { createUnits, sceneOf, spoken, told } from './scene.js';
import { createText } from './text.js';
import { createTitle } from './title.js';
import { createTooltip } from './tooltip.js';

export const attention = { name: 'attention', title: 'Attention', create: createMap };

const MAPS = ['run', 'pair', 'head', 'stage', 'side', 'over', 'chosen', 'words', 'bos', 'pins', 'ab', 'textB'];
const LOOKS = ['query', 'key', 'theme', 'size', 'drawing', 'fit', 'log', 'off'];
const DOCK = 52; // room of a claim below the drawing
const FULL = ['attn_logits', 'attn_scores']; // stages without an empty triangle
const MANY = 60; // units from which zooming is offered

function createMap(page, box) {
  const { store } = page;
  const palette = createPalette(page.settings.explore);
  const [title, controls, legend, tooltip] = [createTitle(page), createControls(page), createLegend(), createTooltip()];
  const canvas = h('canvas', { tabindex: '0', role: 'img', 'aria-label': 'Attention map' });
  const note = h('p', { class: 'note', hidden: true });
  const text = createText(chooseUnits);
  const compared = createCompared(page);
  const [cells, lines] = [createCells(paint), createLines()];
  const zoomBox = h('div', { class: 'zoom', role: 'group', 'aria-label': 'Zoom' }, [['+', 'Zoom in', 0.8], ['−', 'Zoom out', 1.25]].map(([sign, label, factor]) => (
    h('button', { type: 'button', 'aria-label': label, title: label, onclick: () => zoom(factor) }, sign)
  )), h('button', { type: 'button', 'aria-label': 'Whole map', title: 'Whole map (0)', onclick: () => whole() }, '0'));
  page.slots.claim = h('div', { class: 'claim-slot' });
  const stage = h('div', { class: 'stage' }, canvas, text.box, compared.box, zoomBox, note, page.slots.claim);
  put(box, title.box, controls.box, stage, legend.box, tooltip.box);

  const unitsOf = createUnits();
  const publisher = createPublisher(page);
  const [wantMap, wantLines, wantDetail] = [createLoader(showMap, fail), createLoader(showLines, fail), createLoader(showDetail, fail)];
  const prefetch = createPrefetch();
  let shown = null; // {asked, units, names, parts} of what is on screen
  let scene = null;

  function load(morph) {
    const { run } = store.data;
    const asked = askedOf(store);
    const names = comparedOf(store);
    const units = unitsOf(run, asked.unit);
    const all = [0, units.size];
    const next = { asked, units, names };
    if (names.length) {
      const heads = names.map((name) => placeOf({ selection: { ...store.selection, head: name }, data: store.data }));
      const side = asked.difference ? { against: null, run: store.data.pair.id } : {};
      const change = ({ layer, head }) => ({ ...side, layer, head, over: null });
      const addresses = Object.fromEntries(heads.map((head) => [head.name, addressOf(asked, all, all, change(head))]));
      if (names.length === 2) addresses.minus = addressOf(asked, all, all, { ...change(heads[0]), minus: names[1] });
      wantMap({ tile: addressOf(asked, all, all), ...addresses }, next, morph);
    } else {
      wantMap({ tile: addressOf(asked, all, all) }, next, morph);
    }
  }

  function showMap(tiles, next, morph) {
    shown = { ...next, tiles, parts: { tile: tiles.tile } };
    note.hidden = true;
    show(morph);
    prefetch(tiles.tile, neighbours);
  }

  // Everything of what was read, drawn anew.
  function show(morph = 0, keepView = false) {
    scene = { ...sceneOf(page, palette, shown.asked, shown.units, shown.parts), options: { fit: store.selection.fit, log: store.selection.log } };
    const { drawing } = store.selection;
    box.dataset.drawing = shown.names.length ? 'compared' : drawing;
    measure(keepView);
    if (shown.names.length) Object.assign(scene, compared.layout(scene, shown.names, shown.tiles, palette));
    else if (drawing === 'map') cells.show(scene, morph);
    if (drawing === 'text' && !shown.names.length) text.draw(scene);
    legend.draw(scene);
    note.hidden = !scene.unchanged;
    put(note, scene.unchanged ? 'Nothing changed in this head' : '');
    paint();
    sharpen();
    publisher.publish(scene, shown.names.length || drawing !== 'map' ? null : cells);
    canvas.setAttribute('aria-label', spoken(scene));
    if (document.activeElement === canvas) page.say(spoken(scene));
    box.dataset.shown = `${scene.place.name} ${shown.asked.stage} ${shown.asked.side}`;
  }

  // The room of the drawing; on a phone it is as high as it needs.
  function measure(keepView) {
    const { drawing } = store.selection;
    const isMap = drawing === 'map' && !shown.names.length;
    const isDocked = !scene.phone && !shown.names.length && (!isMap || !scene.causal || (isZoomed() && keepView)) && !(isMap && scene.causal && FULL.includes(shown.asked.stage));
    stage.classList.toggle('docked', isDocked);
    scene.width = stage.clientWidth;
    const size = shown.units.size;
    const needed = shown.names.length ? compared.height(scene) : drawing === 'lines' ? Math.min(4000, size * 19 + 40) : scene.width - 22;
    canvas.style.height = scene.phone ? `${needed}px` : `${stage.clientHeight - (isDocked ? DOCK : 0)}px`;
    scene.height = scene.phone ? needed : stage.clientHeight - (isDocked ? DOCK : 0);
    const context = canvas.getContext('2d');
    cells.layout(context, scene, keepView);
    if (drawing === 'lines') lines.layout(context, scene);
    zoomBox.hidden = !isMap || (size < MANY && !isZoomed());
  }

  const isZoomed = () => shown && cells.view.size < shown.units.size;

  function paint() {
    const context = sized(canvas, scene.width, scene.height);
    if (shown.names.length) compared.draw(context, scene);
    else if (store.selection.drawing === 'map') cells.draw(context, scene);
    else if (store.selection.drawing === 'lines') lines.draw(context, scene);
  }

  // A pooled map asks for the exact row and column that are chosen, and for the finer numbers of what is zoomed into.
  function sharpen() {
    const { tile, detail } = shown.parts;
    if (tile.pool === 1) return;
    const { asked, units } = shown;
    const all = [0, units.size];
    const { query, key } = scene;
    const column = key === null || store.selection.drawing !== 'text' ? {} : { column: addressOf(asked, all, [key, key + 1]) };
    if (!scene.row || ('column' in column && !scene.column)) wantLines({ row: addressOf(asked, [query, query + 1], all), ...column });
    const { row, key: start, size } = cells.view;
    const covers = detail && detail.pool === 1 && detail.row <= row && detail.rowEnd >= row + size && detail.key <= start && detail.keyEnd >= start + size;
    if (isZoomed() && !covers) wantDetail({ detail: addressOf(asked, [row, row + size], [start, start + size]) });
  }

  function showLines(parts) {
    Object.assign(shown.parts, parts);
    show(0, true);
  }

  function showDetail({ detail }) {
    shown.parts.detail = detail;
    show(0, true);
  }

  function fail(error) {
    put(note, error.message);
    note.hidden = false;
  }

  function neighbours() {
    const { run } = store.data;
    const { asked, units } = shown;
    const all = [0, units.size];
    if (asked.over) return [];
    return [[0, 1], [0, -1], [1, 0], [-1, 0]].map(([l, n]) => ({ layer: asked.layer + l, head: asked.head + n }))
      .filter(({ layer, head }) => run.layers[layer] && head >= 0 && head < run.heads)
      .map((change) => addressOf(asked, all, all, change));
  }

  // Indices of units, as tokens of the selection; a row is chosen with the key that is strongest in it.
  function chooseUnits(patch) {
    const { units } = shown;
    const token = (index) => (index === null ? null : units.token(index));
    store.select(Object.fromEntries(Object.entries(patch).map(([name, index]) => [name, token(index)])));
  }

  const hit = (x, y) => {
    if (!scene) return null;
    if (shown.names.length) return compared.hit(scene, x, y);
    return (store.selection.drawing === 'lines' ? lines : cells).hit(scene, x, y);
  };

  function hover(cell) {
    const before = scene?.hover;
    if (!scene || (before?.query === cell?.query && before?.key === cell?.key && before?.side === cell?.side)) return;
    scene.hover = cell;
    paint();
  }

  bindPointer(canvas, {
    point(x, y, event) {
      const cell = hit(x, y);
      hover(cell);
      if (!cell) return tooltip.hide();
      const lines = shown.names.length && cell.key !== null
        ? compared.valuesAt(cellOf, cell).map(({ letter, value }) => `${letter}  ${Number.isNaN(value) ? 'not seen' : valueText(value)}`)
        : told(scene, cell);
      return tooltip.show(event, lines);
    },
    leave() {
      hover(null);
      tooltip.hide();
    },
    click(x, y) {
      const cell = hit(x, y);
      if (cell) chooseUnits(cell.side === 'key' ? { key: cell.key } : { query: cell.query, key: cell.key });
    },
    pan: (dx, dy) => isZoomed() && changeView(cells.pan(scene, dx, dy)),
    zoom, whole,
  });

  function changeView(hasChanged) {
    if (hasChanged) show(0, true);
    return hasChanged;
  }

  function zoom(factor, x, y) {
    if (box.dataset.drawing !== 'map') return false;
    return changeView(cells.zoom(scene, factor, x, y));
  }

  function whole() {
    if (scene) changeView(cells.whole(scene));
  }

  function step(query, key) {
    if (!scene) return;
    const within = (index) => Math.max(0, Math.min(shown.units.size - 1, index));
    chooseUnits({ query: within(scene.query + query), key: within((scene.key ?? scene.query) + key) });
    changeView(cells.reveal(scene, scene.query, scene.key));
  }

  page.slots.map = { zoom, whole, step };
  new ResizeObserver(() => scene && show(0, true)).observe(stage);

  // A head that is off writes nothing: its change is in the contribution, not in the probability.
  let isStageOurs = false;
  function followOff(changed) {
    if (!anyOf(changed, 'off', 'head', 'pair', 'side') || !store.data.pair) return;
    const { off, stage: now, side } = store.selection;
    const isOff = off.includes(placeOf(store).name) && side === 'difference';
    if (isOff && now === 'attn_probs') {
      isStageOurs = true;
      store.select({ stage: 'contribution' });
    } else if (!isOff && isStageOurs) {
      isStageOurs = false;
      if (now === 'contribution') store.select({ stage: 'attn_probs' });
    }
  }

  return {
    update(changed) {
      if (!store.data.run) return;
      followOff(changed);
      if (!anyOf(changed, ...MAPS, ...LOOKS, 'random', 'scored')) return;
      title.update();
      controls.update(changed);
      const kind = changed === null || changed.has('head') || changed.has('run') ? 0 : changed.has('stage') ? MORPH.stage : anyOf(changed, 'pair', 'side') ? MORPH.change : 0;
      if (anyOf(changed, ...MAPS)) load(kind);
      else if (shown) show(0, true);
    },
  };
}
