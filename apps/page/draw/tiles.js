// Maps from the server: fetched as raw bytes, kept up to a limit, never mixed up.

import { pending } from '../pending.js';

// A tile is a rectangle of a map. Cell (i, j) of it stands for the queries from row + i * pool and the keys from
// key + j * pool; `present` are the reasons that occur; `sinks` is what a learned sink takes of each row, null without.
export function decodeTile(buffer, headers) {
  const [height, width] = headers.get('X-Shape').split(',').map(Number);
  const [row, rowEnd] = headers.get('X-Rows').split(':').map(Number);
  const [key, keyEnd] = headers.get('X-Keys').split(':').map(Number);
  const cells = height * width;
  const sinks = headers.get('X-Sinks') ? new Float32Array(buffer, 4 * cells, height) : null;
  const start = 4 * (cells + (sinks ? height : 0)); // of the reasons
  const reasons = new Uint8Array(buffer, start, cells);
  return {
    row, rowEnd, key, keyEnd, height, width,
    pool: Number(headers.get('X-Pool')),
    values: new Float32Array(buffer, 0, cells),
    reasons, sinks,
    present: [...new Set(reasons)].sort(),
    bytes: buffer.byteLength,
  };
}

// A run that has gathered no overview answers with nothing.
export const decodeOverview = (buffer, headers) => (buffer.byteLength ? decodeTile(buffer, headers) : { bytes: 0 });

// A run that has no thumbnails of a stage answers with nothing.
export function decodeThumbnails(buffer, headers) {
  if (!buffer.byteLength) return { pixels: new Uint8Array(), bytes: 0 };
  const [layers, heads, side] = headers.get('X-Shape').split(',').map(Number);
  return { layers, heads, side, pixels: new Uint8Array(buffer), bytes: buffer.byteLength };
}

// The sentence of a refusal, or one that says that nobody answered.
export async function refusal(response) {
  const body = await response.json().catch(() => ({}));
  const sentence = body.error ?? `the server answered ${response.status}: run the text again`;
  return Object.assign(new Error(sentence), { status: response.status });
}

export async function download(address, signal) {
  let response;
  try {
    response = await fetch(address, { signal });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Error('the server does not answer: see that it is running, then try again');
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

export function createLibrary(byteLimit) {
  const kept = new Map(); // in order of use: the first is the one to go
  const coming = new Map();
  let bytes = 0;

  function recall(address) {
    const item = kept.get(address);
    if (item) {
      kept.delete(address);
      kept.set(address, item);
    }
    return item;
  }

  function keep(address, item) {
    if (kept.has(address)) return;
    kept.set(address, item);
    bytes += item.bytes;
    for (const [oldest, old] of kept) {
      if (bytes <= byteLimit || oldest === address) break;
      kept.delete(oldest);
      bytes -= old.bytes;
    }
  }

  async function read(address, decode, signal) {
    const response = await download(address, signal);
    const item = decode(await response.arrayBuffer(), response.headers);
    keep(address, item);
    return item;
  }

  // Two wishes for the same address share one request, unless the first was called off.
  function load(address, decode, signal) {
    const known = recall(address);
    if (known) return Promise.resolve(known);
    const under = coming.get(address);
    if (under && !under.signal?.aborted) return under.promise;
    const entry = { signal, promise: pending(read(address, decode, signal)) };
    coming.set(address, entry);
    const forget = () => coming.get(address) === entry && coming.delete(address);
    entry.promise.then(forget, forget);
    return entry.promise;
  }

  return { load, recall, keep };
}

// `choice` = {stage, layer, head}; `options` = {side, against, minus, over, heads, unit, bos}, each perhaps missing.
export function tileAddress(run, choice, rows, keys, options = {}) {
  const path = [run, choice.stage, choice.layer, choice.head].map(encodeURIComponent).join('/');
  const query = new URLSearchParams({ rows: rows.join(':'), keys: keys.join(':') });
  for (const [name, value] of Object.entries(options)) if (value) query.set(name, value);
  return new URL(`attention/${path}?${query}`, document.baseURI).href;
}

export function overviewAddress(run, { layer, head }) {
  const path = [run, 'overview', layer, head].map(encodeURIComponent).join('/');
  return new URL(`attention/${path}`, document.baseURI).href;
}

export function thumbnailAddress(run, stage) {
  const path = [run, 'thumbnails', stage].map(encodeURIComponent).join('/');
  return new URL(`attention/${path}`, document.baseURI).href;
}

export function covers(part, { row, key, size }) {
  return part.row <= row && part.key <= key && part.rowEnd >= row + size && part.keyEnd >= key + size;
}

// Value and reason at absolute positions, or null outside the tile.
export function cellOf(tile, query, key) {
  if (query < tile.row || query >= tile.rowEnd || key < tile.key || key >= tile.keyEnd) return null;
  const i = Math.floor((query - tile.row) / tile.pool);
  const j = Math.floor((key - tile.key) / tile.pool);
  const at = i * tile.width + j;
  return { value: tile.values[at], reason: tile.reasons[at] };
}

// One row (or column) of an unpooled tile as arrays over all tokens it covers.
export function lineOf(tile, direction, index) {
  if (direction === 'row') {
    const start = (index - tile.row) * tile.width;
    return {
      values: tile.values.subarray(start, start + tile.width),
      reasons: tile.reasons.subarray(start, start + tile.width),
      sink: tile.sinks?.[index - tile.row] ?? null,
    };
  }
  const values = new Float32Array(tile.height);
  const reasons = new Uint8Array(tile.height);
  for (let i = 0, at = index - tile.key; i < tile.height; i += 1, at += tile.width) {
    values[i] = tile.values[at];
    reasons[i] = tile.reasons[at];
  }
  return { values, reasons };
}

// The `count` largest values of a line, as [{index, value}], largest first.
export function strongest({ values, reasons }, count) {
  const best = [];
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index];
    if (Number.isNaN(value) || reasons[index]) continue;
    if (best.length === count && !(value > best[count - 1].value)) continue;
    let at = best.length;
    while (at > 0 && best[at - 1].value < value) at -= 1;
    best.splice(at, 0, { index, value });
    if (best.length > count) best.pop();
  }
  return best;
}
