// The selection: where the reader is and what is switched off. It drives every part of the page and is its address,
// which names only what differs from the default. Pure: `node --test` reads it.

const HEAD = /^L(\d{1,4})H(\d{1,4})$/i;

export const headName = ({ layer, head }) => `L${layer}H${head}`;

// {layer, head} of "L5H3", null for anything else.
export function headOf(name) {
  const match = HEAD.exec(name ?? '');
  return match && { layer: Number(match[1]), head: Number(match[2]) };
}

// What stands for the learned sink of a head where a key is named.
export const SINK = 'sink';

// Servers and mail programs cut longer addresses; such a text stays in the history of the browser only.
export const LONGEST_TEXT = 4000;

const whole = (text) => (/^\d{1,9}$/.test(text) ? Number(text) : undefined);
const wholeOrSink = (text) => (text === SINK ? SINK : whole(text));
const text = { read: (value) => value, write: (value) => value };
const long = { ...text, fits: (value) => value.length <= LONGEST_TEXT };
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

// A window of a text of a corpus: "312.2", both from 0.
const corpus = {
  read(value) {
    const [document, piece, ...more] = value.split('.').map(whole);
    return document === undefined || piece === undefined || more.length ? undefined : { document, piece };
  },
  write: ({ document, piece }) => `${document}.${piece}`,
};

// A word of the text, by its number, and what stands in its place; '' is itself.
const edit = {
  read(value) {
    const [, at, by] = /^(\d{1,9}):(.*)$/s.exec(value) ?? [];
    return at === undefined ? undefined : { at: Number(at), by };
  },
  write: ({ at, by }) => `${at}:${by}`,
};

// Where the mask lab differs from its lesson: "window_6.padding_2".
const LAB = ['tokens', 'window', 'section', 'causal', 'padding', 'side', 'cache', 'decode', 'chunk', 'spare', 'packed', 'prefix'];
const lab = {
  read(value) {
    const fields = value.split('.').map((field) => field.split('_')).filter(([name, said]) => LAB.includes(name) && said);
    return Object.fromEntries(fields.map(([name, said]) => [name, whole(said) ?? said]));
  },
  write: (fields) => Object.entries(fields).map((field) => field.join('_')).join('.'),
};

export const STAGES = ['attn_logits', 'attn_scores', 'attn_masked', 'attn_probs', 'contribution'];

// Parameter of the address -> {of: key of the selection, start: its default, push: whether Back returns from it, ...}.
// A key that only one view needs stands here too: there is one selection.
export const PARAMETERS = {
  mode: { of: 'mode', start: 'explore', push: true, ...oneOf('explore', 'classify') },
  text: { of: 'text', start: null, push: true, ...long },
  model: { of: 'model', start: null, push: true, ...text },
  trace: { of: 'trace', start: null, push: true, ...text },
  present: { of: 'present', start: false, ...flag },
  look: { of: 'look', start: 'attention', push: true, ...oneOf('attention', 'atlas', 'prediction', 'softcap', 'mask', 'compare', 'patching', 'head') },
  // A head of the model, "L5H3"; null is the one that the page opens with.
  head: { of: 'head', start: null, push: true, read: (value) => heads.read(value)[0], write: (name) => name },
  query: { of: 'query', start: null, read: whole, write: String },
  key: { of: 'key', start: null, read: wholeOrSink, write: String },
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
  b: { of: 'textB', start: null, push: true, ...long },
  saturation: { of: 'saturation', start: 'largest_logit', ...oneOf('beyond_half', 'beyond_most', 'largest_logit', 'mean_bend', 'row_divergence') },
  lesson: { of: 'lesson', start: 'window', push: true, ...text },
  lab: { of: 'lab', start: {}, ...lab },
  names: { of: 'named', start: 'text', ...oneOf('text', 'positions') },
  pass: { of: 'pass', start: 0, read: whole, write: String },
  reach: { of: 'reach', start: 'local', ...oneOf('local', 'model') },
  patch: { of: 'patch', start: 'resid_pre', push: true, ...oneOf('resid_pre', 'head_out', 'attn_probs') },
  only: { of: 'only', start: null, push: true, ...text },
  by: { of: 'by', start: null, push: true, ...oneOf('position', 'head') },
  token: { of: 'token', start: null, push: true, ...text },
  against: { of: 'against', start: null, push: true, ...text },
  stream: { of: 'stream', start: null, read: whole, write: String },
  quantity: { of: 'quantity', start: 'probability', ...oneOf('probability', 'chosen_probability', 'rank', 'entropy') },
  over: { of: 'over', start: null, ...oneOf('mean', 'max', 'rollout') },
  heads: { of: 'chosen', start: [], ...heads },
  words: { of: 'words', start: false, ...flag },
  bos: { of: 'bos', start: 'shown', ...oneOf('shown', 'hidden', 'renormalised') },
  log: { of: 'log', start: false, ...flag },
  fit: { of: 'fit', start: false, ...flag },
  sort: { of: 'sort', start: 'induction', ...text },
  scored: { of: 'scored', start: 'text', ...oneOf('text', 'random', 'sweep') },
  // A sweep by its name; null is the first one of the model.
  sweep: { of: 'sweep', start: null, ...text },
  // Where the text comes from, if it is an example of a sweep; null for a text of the reader's.
  from: { of: 'corpus', start: null, ...corpus },
  examples: { of: 'examples', start: 'top', ...oneOf('top', 'bottom', 'sample') },
  find: { of: 'find', start: '', ...text },
  up: { of: 'up', start: 'induction', ...text },
  across: { of: 'across', start: 'previous_token', ...text },
  of: { of: 'of', start: 'induction', ...text },
  frame: { of: 'frame', start: null, ...frame },
  // A word by its number through all sentences; null is the first of the least certain entity.
  word: { of: 'word', start: null, push: true, read: whole, write: String },
  why: { of: 'why', start: null, push: true, ...text },
  rather: { of: 'rather', start: null, push: true, ...text },
  how: { of: 'how', start: 'out', ...oneOf('out', 'grad', 'heads', 'look', 'masks') },
  per: { of: 'per', start: 'word', ...oneOf('word', 'entity', 'token') },
  type: { of: 'type', start: null, ...text },
  edit: { of: 'edit', start: null, push: true, ...edit },
};

// Another text has no place in common with the one before.
export const NO_WORD = Object.freeze({ query: null, key: null, word: null, why: null, rather: null, edit: null, corpus: null });

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

// Addresses of version 0.1.0: a tab, layer=5&head=3, caps as softcap= and final_softcap=, softcap_head=4,5 (its own head
// on the softcap tab), classifier=. What else they say of a tab belonged to its controls, which are gone.
const OLD = ['layer', 'tab', 'softcap', 'final_softcap', 'softcap_head', 'classifier'];
const LOOKS = { softcap: 'softcap', mask: 'mask', lens: 'prediction', atlas: 'atlas' };

function firstRelease(query, found) {
  const old = {};
  const tab = query.get('tab');
  const head = (tab === 'softcap' && /^L?(\d{1,4})[,H](\d{1,4})$/.exec(query.get('softcap_head') ?? ''))
    || (query.has('layer') && /^(\d{1,4}),(\d{1,4})$/.exec(`${query.get('layer')},${query.get('head') ?? 0}`));
  if (head) old.head = headName({ layer: Number(head[1]), head: Number(head[2]) });
  if (LOOKS[tab] && found.look === START.look) old.look = LOOKS[tab];
  if (tab === 'heads' && !query.has('view')) old.drawing = 'lines';
  if (tab === 'classify') Object.assign(old, { mode: 'classify', model: query.get('classifier') ?? found.model });
  if (query.has('softcap') && !query.has('cap')) old.cap = query.get('softcap');
  if (query.has('final_softcap') && !query.has('final')) old.finalCap = query.get('final_softcap');
  return old;
}

// The address of a selection, "" for the default one; parameters that are not ours (gradio's theme) are kept.
export function format(selection, search = '') {
  const query = new URLSearchParams(search);
  for (const old of OLD) query.delete(old);
  for (const [name, { of, start, write, fits = () => true }] of Object.entries(PARAMETERS)) {
    const value = selection[of];
    if (value === null || value === undefined || same(value, start) || !fits(value)) query.delete(name);
    else query.set(name, write(value));
  }
  const written = readably(query);
  return written && `?${written}`;
}

// What an address of a selection leaves out, for the history of the browser; null for nothing.
export function leftOut(selection) {
  const long = Object.values(PARAMETERS).filter(({ of, fits }) => fits && selection[of] !== null && !fits(selection[of]));
  return long.length ? Object.fromEntries(long.map(({ of }) => [of, selection[of]])) : null;
}

// Letters of addresses that need no escape there: "cell=3,4" stays so.
const readably = (query) => query.toString().replace(/%2C/g, ',').replace(/%2F/g, '/').replace(/%3A/g, ':');

// Whether going from one selection to another is a step that Back returns from.
export function isStep(before, after) {
  return Object.values(PARAMETERS).some(({ of, push }) => push && !same(before[of], after[of]));
}

// The keys in which two selections differ.
export function differences(before, after) {
  return new Set(Object.keys(after).filter((key) => !same(before[key], after[key])));
}
