// How maps are drawn: scales, pixels, places, labels, words.

import assert from 'node:assert/strict';
import test from 'node:test';

import { colourTable, hatchBytes, inkOn } from '../../../apps/page/draw/colour.js';
import { briefText, valueText } from '../../../apps/page/draw/format.js';
import { cellAt, clampedView, labelAngle, leastGap, roomyLabels, squareIn, wholeCell, zoomedView } from '../../../apps/page/draw/layout.js';
import { FADED, blended, cellBytes, hiddenRuns, shrunk } from '../../../apps/page/draw/paint.js';
import { createScale, largestOf, tickText } from '../../../apps/page/draw/scale.js';
import { bandsOf, keyBeside, onSink, sinkOf } from '../../../apps/page/draw/sink.js';
import { decodeTile, lineOf, strongest } from '../../../apps/page/draw/tiles.js';
import { unitsOf, wordsOf } from '../../../apps/page/draw/words.js';

const PROBABILITY = { scale: 'sequential', power: 0.5, high: 1 };
const LOGIT = { scale: 'diverging', power: 1, high: null };
const grey = colourTable(Uint8Array.from({ length: 768 }, (_, at) => Math.floor(at / 3)));

function tileOf(values, reasons, more = {}) {
  const side = Math.sqrt(values.length);
  return { row: 0, rowEnd: side, key: 0, keyEnd: side, width: side, height: side, pool: 1, values: Float32Array.from(values), reasons: Uint8Array.from(reasons), ...more };
}

test('a probability is drawn by its square root, on the same scale whatever the map holds', () => {
  const scale = createScale(PROBABILITY, 0.25);
  assert.deepEqual([0, 0.25, 1, 2, NaN].map(scale.step), [0, 128, 255, 255, 0]);
  assert.deepEqual(scale.ticks.map(tickText), ['0', '.05', '.2', '.5', '1']);
  assert.equal(createScale(PROBABILITY, 0.25, { fit: true }).step(0.25), 255);
});

test('a log scale runs over decades below its end', () => {
  const scale = createScale(PROBABILITY, 1, { log: true });
  assert.deepEqual([1e-5, 1e-4, 1e-2, 1].map(scale.step), [0, 0, 128, 255]);
  assert.deepEqual(scale.ticks.map(tickText), ['1e-4', '.001', '.01', '.1', '1']);
});

test('zero is in the middle of logits and of differences', () => {
  assert.deepEqual([-8, 0, 8].map(createScale(LOGIT, 8).step), [0, 128, 255]);
  const difference = createScale(PROBABILITY, 0.5, { difference: true });
  assert.deepEqual([-1, 0, 0.25].map(difference.step), [0, 128, 191]);
  assert.deepEqual(difference.ticks.map(tickText), ['−1', '−.25', '0', '+.25', '+1']);
  assert.equal(createScale({ ...PROBABILITY, high: null }, 0, { difference: true }).high, 1);
});

test('cells that the mask will hide are faded and do not count for the scale; cells without a value are clear', () => {
  const tile = tileOf([1, 9, NaN, -2], [0, 1, 1, 0]);
  assert.equal(largestOf(tile), 2);
  const bytes = cellBytes(tile, createScale(LOGIT, 2), grey);
  assert.deepEqual([3, 7, 11, 15].map((at) => bytes[at]), [255, FADED, 0, 255]);
  assert.equal(cellBytes(tile, createScale(LOGIT, 2), grey), bytes); // not coloured again
  assert.notDeepEqual(cellBytes(tile, createScale(LOGIT, 9), grey), bytes);
  assert.deepEqual(hiddenRuns(tile, [null, true]), [{ row: 1, from: 0, to: 1, reason: 1 }]);
});

test('one picture changes into another; an empty cell keeps its colour and fades', () => {
  const from = Uint8ClampedArray.from([0, 0, 0, 255, 10, 20, 30, 255]);
  const to = Uint8ClampedArray.from([100, 50, 10, 255, 0, 0, 0, 0]);
  assert.deepEqual([...blended(from, to, 0.5)], [50, 25, 5, 255, 10, 20, 30, 128]);
  assert.deepEqual([...blended(from, to, 1)].slice(0, 4), [100, 50, 10, 255]);
});

test('more cells than pixels: the most extreme one is kept', () => {
  const values = Array.from({ length: 16 }, (_, at) => (at === 5 ? -7 : at === 15 ? NaN : 1));
  const small = shrunk(tileOf(values, Array(16).fill(0)), { row: 0, key: 0, size: 4 }, 2);
  assert.deepEqual([...small.values], [-7, 1, 1, 1]);
});

test('a cell is a whole number of pixels, unless there are more cells than pixels', () => {
  assert.equal(wholeCell(530, 28), 18);
  assert.equal(wholeCell(530, 1), 72);
  assert.equal(wholeCell(512, 1024), 0.5);
  const labels = Array.from({ length: 28 }, (_, at) => ({ from: at, to: at + 1, text: 'word', width: 40 }));
  const square = squareIn({ width: 660, height: 610, size: 28, labels, type: 14, phone: false });
  assert.equal(square.cell, Math.floor(square.cell));
  assert.ok(square.left + square.side <= 660 && square.top + square.side <= 610);
  const view = { row: 0, key: 0, size: 28 };
  assert.deepEqual(cellAt(square, view, square.left + 1, square.top + square.cell), { query: 1, key: 0 });
  assert.equal(cellAt(square, view, square.left - 1, square.top), null);
});

test('labels turn until neighbours do not touch, and are left out where they would', () => {
  assert.equal(labelAngle(100, 14), Math.PI / 4);
  assert.ok(Math.abs(labelAngle(16.8, 14) - Math.PI / 2) < 1e-9);
  const labels = [[0, 1], [1, 4], [4, 5], [5, 6]].map(([from, to]) => ({ from, to }));
  assert.equal(leastGap(labels), 1);
  assert.deepEqual(roomyLabels(labels, 0, 6, 10, 15), [labels[0], labels[1], labels[2]]);
});

test('a view stays inside the map, and zooming keeps the point under the pointer', () => {
  assert.deepEqual(clampedView({ row: 90, key: -5, size: 20 }, 100), { row: 80, key: 0, size: 20 });
  assert.deepEqual(zoomedView({ row: 0, key: 0, size: 100 }, 100, 0.5, 50, 50), { row: 25, key: 25, size: 50 });
  assert.equal(zoomedView({ row: 0, key: 0, size: 4 }, 100, 0.5, 1, 1).size, 4);
});

test('tokens of a word have one label over all of them; between words a word is one cell', () => {
  const run = {
    tokens: ['<bos>', '▁bl', 'ue', '▁red'], words: [0, 1, 1, 2],
    readable: [['<bos>', false], ['bl', false], ['ue', true], ['red', false]].map(([text, joins]) => ({ text, joins, title: text })),
  };
  assert.deepEqual(wordsOf(run).map(({ from, to, text }) => [from, to, text]), [[0, 1, '<bos>'], [1, 3, 'blue'], [3, 4, 'red']]);
  const [tokens, words] = [unitsOf(run, ''), unitsOf(run, 'words')];
  assert.deepEqual([tokens.size, tokens.at(2), tokens.name(2), tokens.word(2).text], [4, 2, 'ue', 'blue']);
  assert.deepEqual([words.size, words.at(2), words.token(1), words.name(1)], [3, 1, 1, 'blue']);
});

test('a byte of a character has the name of the character', () => {
  const run = { tokens: ['<0xC3>', '<0xA9>'], words: [0, 0], readable: [{ text: 'é' }, { text: '' }] };
  assert.equal(unitsOf(run, '').name(1), 'é');
});

test('a tile is decoded from the bytes of the server, and a line of it ranked', () => {
  const buffer = new ArrayBuffer(4 * 4 + 4);
  new Float32Array(buffer, 0, 4).set([0.5, NaN, 0.25, 0.75]);
  new Uint8Array(buffer, 16).set([0, 1, 0, 0]);
  const headers = new Map(Object.entries({ 'X-Shape': '2,2', 'X-Rows': '3:5', 'X-Keys': '0:2', 'X-Pool': '1' }));
  const tile = decodeTile(buffer, headers);
  assert.deepEqual(tile.present, [0, 1]);
  assert.deepEqual(strongest(lineOf(tile, 'row', 4), 1), [{ index: 1, value: 0.75 }]);
  assert.deepEqual([...lineOf(tile, 'column', 0).values], [0.5, 0.25]);
});

test('what a sink takes of each row comes with the tile, and stands beside its square', () => {
  const buffer = new ArrayBuffer(4 * 4 + 4 * 2 + 4);
  new Float32Array(buffer, 0, 6).set([0.5, NaN, 0.25, 0.125, 0.5, 0.625]);
  new Uint8Array(buffer, 24).set([0, 1, 0, 0]);
  const headers = new Map(Object.entries({ 'X-Shape': '2,2', 'X-Rows': '3:5', 'X-Keys': '0:2', 'X-Pool': '1', 'X-Sinks': '1' }));
  const tile = decodeTile(buffer, headers);
  assert.deepEqual([[...tile.sinks], tile.present, lineOf(tile, 'row', 4).sink], [[0.5, 0.625], [0, 1], 0.625]);
  assert.deepEqual([sinkOf(tile, 3), sinkOf(tile, 9), largestOf(tile)], [0.5, null, 0.625]);
  const square = { left: 10, top: 20, side: 40, cell: 20, gap: 0 };
  const view = { row: 3, key: 0, size: 2 };
  assert.deepEqual([[62, 25], [62, 45], [49, 25], [62, 61]].map(([x, y]) => onSink(tile, square, view, x, y)?.query ?? null), [3, 4, null, null]);
  assert.deepEqual([keyBeside(6, 1, 6, true), keyBeside(6, 1, 6, false), keyBeside('sink', -1, 6, true), keyBeside(2, -1, 6, true)], ['sink', 6, 6, 1]);
  const long = { ...tile, row: 0, rowEnd: 8, sinks: Float32Array.of(1, 2, 8, 4, 0, 3, 5, 1) };
  assert.deepEqual(bandsOf(long, { row: 0, size: 8 }, 4).map(({ share }) => share), [2, 8, 3, 5], 'none is lost where rows are more than pixels');
});

test('ink on a colour contrasts with it, and patterns repeat', () => {
  assert.equal(inkOn(255, 255, 255), '#000000');
  assert.equal(inkOn(20, 10, 60), '#ffffff');
  const bytes = hatchBytes({ pattern: '/', ink: [1, 2, 3], paper: [9, 9, 9] });
  assert.deepEqual([...bytes.slice(0, 8)], [1, 2, 3, 255, 9, 9, 9, 255]);
});

test('numbers keep the digits that matter', () => {
  assert.deepEqual([0, 0.00001, 0.0078, 0.3034, 6.4158, -11.234, 123.44].map(valueText), ['0', '<0.0001', '0.0078', '0.303', '6.42', '−11.23', '123.4']);
  assert.deepEqual([0.283, -1.5, 11.24].map(briefText), ['0.28', '−1.50', '11.2']);
});
