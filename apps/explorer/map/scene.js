// The scene: everything a drawing needs, from the selection and the tiles that were read.

import { themeOf } from '../../page/draw/canvas.js';
import { briefText, valueText } from '../../page/draw/format.js';
import { createScale, largestOf } from '../../page/draw/scale.js';
import { sinkOf } from '../../page/draw/sink.js';
import { cellOf } from '../../page/draw/tiles.js';
import { unitsOf } from '../../page/draw/words.js';
import { SINK } from '../../page/selection.js';
import { placeOf } from '../place.js';
import { exactLine, reachOf, strongestOf } from './asked.js';
import { quantityOf } from './legend.js';
import { nameOf } from './name.js';

export const PHONE = 900;
const FUTURE = 1;

const themes = {}; // by name: colours and font are read from the page once

function themeNow(name) {
  themes[name] ??= themeOf(document.querySelector('#page'));
  return themes[name];
}

// `parts` = {tile, detail, row, column}: the map, and where it is pooled a finer part, and the exact row and column.
export function sceneOf(page, palette, asked, units, parts) {
  const { store, settings: { explore: { stages, reasons } } } = page;
  const { selection, data: { run } } = store;
  const { tile } = parts;
  const look = stages.find(({ name }) => name === asked.stage);
  const place = placeOf(store);
  const { fit, log } = selection;
  const scale = createScale(look, largestOf(tile), { fit, log, difference: asked.difference });
  const query = units.at(place.query);
  const lineOf = (index) => exactLine(tile, 'row', index);
  const row = lineOf(query) ?? (parts.row && exactLine(parts.row, 'row', query));
  const isSink = place.sink && tile.sinks !== null;
  const key = isSink ? null : place.key === null ? strongestOf(row, asked.difference) : units.at(place.key);
  const isOff = selection.off.includes(place.name);
  return {
    ...parts, asked, units, run, place, look, scale, reasons, lineOf, row, query, key, isSink,
    column: isSink ? sinkColumn(tile) : key === null ? null : exactLine(tile, 'column', key) ?? (parts.column && exactLine(parts.column, 'column', key)),
    reach: !look.masked || !row ? [0, look.masked ? query + 1 : units.size] : reachOf(row),
    table: palette.table(scale), hatches: palette.hatches(), theme: themeNow(palette.theme()),
    causal: tile.present.includes(FUTURE),
    unchanged: asked.difference && tile.pool === 1 && largestOf(tile) === 0,
    quantity: quantityOf({ asked, look, isOff, unit: units.unit, hasSink: Boolean(run.layers[place.layer].sinks) }),
    phone: window.innerWidth <= PHONE, type: window.innerWidth <= PHONE ? 13 : 14,
    format: briefText, tell: valueText, hover: null,
  };
}

// What the learned sink takes of each row; null where the rows are not read one by one.
const sinkColumn = ({ pool, sinks, height }) => (pool === 1 ? { values: sinks, reasons: new Uint8Array(height) } : null);

// The units of a run, made once for each unit.
export function createUnits() {
  let made = {};
  return (run, unit) => {
    if (made.run !== run || made.unit !== unit) made = { run, unit, units: unitsOf(run, unit) };
    return made.units;
  };
}

// What the tooltip says of a cell: [the value, who looks at whom, what it is].
export function told(scene, { query, key }) {
  const { tile, detail, lineOf, row, query: chosen, quantity, reasons } = scene;
  if (key === null) return [[nameOf(scene, query), ` ${query}`], 'click for its row'];
  if (key === SINK) return toldSink(scene, query);
  const own = query === chosen && row ? { value: row.values[key], reason: row.reasons[key] } : null;
  const exact = own ?? (detail && cellOf(detail, query, key)) ?? (lineOf(query) && cellOf(tile, query, key));
  const cell = exact ?? cellOf(tile, query, key);
  const who = [nameOf(scene, query), ` ${query} → `, nameOf(scene, key), ` ${key}`];
  if (Number.isNaN(cell.value)) return ['not seen', who, reasons[cell.reason].sentence];
  const hidden = cell.reason ? [`the mask will hide it: ${reasons[cell.reason].sentence}`] : [];
  return [valueText(cell.value), who, exact ? quantity : `${quantity}, the largest of ${tile.pool} × ${tile.pool} cells`, ...hidden];
}

// What the tooltip says of the learned sink: as exact as the numbers that were read are.
function toldSink(scene, query) {
  const { tile, detail, lineOf, row, query: chosen, asked } = scene;
  const exact = query === chosen && row ? row.sink : (detail ? sinkOf(detail, query) : null) ?? (lineOf(query) && sinkOf(tile, query));
  const share = exact ?? sinkOf(tile, query);
  const words = exact === null ? `the largest of ${tile.pool} rows` : asked.difference ? 'after − before' : 'of the row: with its keys 1';
  return [valueText(share), [nameOf(scene, query), ` ${query} → learned sink`], words, 'a logit that belongs to no token and writes nothing'];
}

// The map in a sentence, for those who do not see it.
export function spoken({ place, look, units, query, key, row, asked, isSink }) {
  const what = asked.over ? `${asked.over} over heads` : place.name;
  const value = row && key !== null ? row.values[key] : NaN;
  const cell = isSink ? ` Chosen: the learned sink takes ${valueText(row?.sink ?? NaN)} of ${units.name(query)} at ${query}.` : key === null ? '' : ` Chosen: ${units.name(query)} at ${query} looks at ${units.name(key)} at ${key}, ${Number.isNaN(value) ? 'hidden' : valueText(value)}.`;
  return `Attention map of ${what}, ${asked.difference ? 'difference of ' : ''}${look.quantity}, ${units.size} ${units.unit || 'tokens'}.${cell}`;
}
