// The selection: where the reader is and what is switched off. It drives every part of the page and is its address,
// which names only what differs from the default. Pure: `node --test` reads it.

const HEAD = /^L(\d{1,4})H(\d{1,4})$/i;

export const headName = ({ layer, head }) => `L${layer}H${head}`;

// {layer, head} of "L5H3", null for anything else.
export function headOf(name) {
  const match = HEAD.exec(name ?? '');
  return match && { layer: Number(match[1]), head: Number(match[2]) };
}

const whole = (text) => (/^\d{1,9}$/.test(text) ? Number(text) : undefined);
const text = { read: (value) => value, write: (value) => value };
const oneOf = (...allowed) => ({ read: (value) => (allowed.includes(value) ? value : undefined), write: (value) => value });
const flag = { read: (value) => (value === '1' ? true : undefined), write: () => '1' };
const heads = {
  read: (value) => value.split('.').map(headOf).filter(Boolean).map(headName),
  write: (names) => names.join('.'),
};
const number = {
  read: (value) => (value !== '' && Number.isFinite(Number(value)) ? Number(value) : undefined),
  write: String,
};

// A frame over two scores: "none", or its left, right, bottom and top.
const frame = {
  read(value) {
    const sides = value.split('_').map(Number);
    return value === 'none' || (sides.length === 4 && sides.every(Number.isFinite)) ? (value === 'none' ? value : sides) : undefined;
  },
  write: (value) => (value === 'none' ? value : value.join('_')),
};

export const STAGES = ['attn_logits', 'attn_scores', 'attn_masked', 'attn_probs', 'contribution'];

// Parameter of the address -> {of: key of the selection, start: its default, push: whether Back returns from it, ...}.
// A key that only one view needs stands here too: there is one selection.
export const PARAMETERS = {
  mode: { of: 'mode', start: 'explore', push: true, ...oneOf('explore', 'classify') },
  text: { of: 'text', start: null, push: true, ...text },
  model: { of: 'model', start: null, push: true, ...text },
  trace: { of: 'trace', start: null, push: true, ...text },
  look: { of: 'look', start: 'attention', push: true, ...oneOf('attention', 'atlas', 'prediction', 'softcap', 'mask', 'patching') },
  // A head of the model, "L5H3"; null is the one that the page opens with.
  head: { of: 'head', start: null, push: true, read: (value) => heads.read(value)[0], write: (name) => name },
  query: { of: 'query', start: null, read: whole, write: String },
  key: { of: 'key', start: null, read: whole, write: String },
  stage: { of: 'stage', start: 'attn_probs', ...oneOf(...STAGES) },
  view: { of: 'drawing', start: 'map', ...oneOf('map', 'lines', 'text') },
  off: { of: 'off', start: [], push: true, ...heads },
  cap: { of: 'cap', start: null, push: true, ...text },
  window: { of: 'window', start: null, push: true, ...text },
  causal: { of: 'causal', start: null, push: true, ...text },
  final: { of: 'finalCap', start: null, push: true, ...text },
  show: { of: 'side', start: 'difference', ...oneOf('before', 'after', 'difference') },
  pins: { of: 'pins', start: [], ...heads },
  ab: { of: 'ab', start: false, push: true, ...flag },
  b: { of: 'textB', start: null, push: true, ...text },
  over: { of: 'over', start: null, ...oneOf('mean', 'max', 'rollout') },
  heads: { of: 'chosen', start: [], ...heads },
  words: { of: 'words', start: false, ...flag },
  bos: { of: 'bos', start: 'shown', ...oneOf('shown', 'hidden', 'renormalised') },
  log: { of: 'log', start: false, ...flag },
  fit: { of: 'fit', start: false, ...flag },
  sort: { of: 'sort', start: 'induction', ...text },
  scored: { of: 'scored', start: 'text', ...oneOf('text', 'random') },
  find: { of: 'find', start: '', ...text },
  up: { of: 'up', start: 'induction', ...text },
  across: { of: 'across', start: 'previous_token', ...text },
  of: { of: 'of', start: 'induction', ...text },
  frame: { of: 'frame', start: null, ...frame },
  sentence: { of: 'sentence', start: null, read: whole, write: String },
  word: { of: 'word', start: null, read: whole, write: String },
  how: { of: 'how', start: 'out', ...oneOf('out', 'grad', 'heads') },
};

export const START = Object.freeze(Object.fromEntries(Object.values(PARAMETERS).map(({ of, start }) => [of, start])));

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

// The selection that an address says; what makes no sense is left at its default.
export function parse(search) {
  const query = new URLSearchParams(search);
  const found = { ...START };
  for (const [name, { of, read }] of Object.entries(PARAMETERS)) {
    const value = query.has(name) ? read(query.get(name)) : undefined;
    if (value !== undefined) found[of] = value;
  }
  return { ...found, ...firstRelease(query, found) };
}

// Addresses of version 0.1.0: layer=5&head=3, and the cell as query= and key=, a tab, a cap as softcap=.
function firstRelease(query, found) {
  const old = {};
  const [layer, head] = ['layer', 'head'].map((name) => whole(query.get(name) ?? ''));
  if (layer !== undefined) old.head = headName({ layer, head: head ?? 0 });
  const looks = { softcap: 'softcap', mask: 'mask', lens: 'prediction', atlas: 'atlas' };
  const tab = query.get('tab');
  if (looks[tab] && !query.has('look')) old.look = looks[tab];
  if (tab === 'classify' && !query.has('mode')) old.mode = 'classify';
  if (tab === 'heads' && !query.has('view')) old.drawing = 'lines';
  if (query.has('softcap') && !query.has('cap')) old.cap = query.get('softcap');
  return old;
}

// The address of a selection, "" for the default one; parameters that are not ours (gradio's theme) are kept.
export function format(selection, search = '') {
  const query = new URLSearchParams(search);
  for (const old of ['layer', 'tab', 'softcap']) query.delete(old);
  for (const [name, { of, start, write }] of Object.entries(PARAMETERS)) {
    const value = selection[of];
    if (value === null || value === undefined || same(value, start)) query.delete(name);
    else query.set(name, write(value));
  }
  const written = query.toString();
  return written && `?${written}`;
}

// Whether going from one selection to another is a step that Back returns from.
export function isStep(before, after) {
  return Object.values(PARAMETERS).some(({ of, push }) => push && !same(before[of], after[of]));
}

// The keys in which two selections differ.
export function differences(before, after) {
  return new Set(Object.keys(after).filter((key) => !same(before[key], after[key])));
}
