// Numbers and sentences: everything the page says about a cell, a token or a head.

// The shortest decimal that is the same float32: no digit lost, none invented by float64.
function exactNumber(value) {
  for (let digits = 1; digits < 9; digits += 1) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return plain(text);
  }
  return plain(value.toPrecision(9));
}

function shortNumber(value) {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 0.0005) return value.toExponential(0);
  return value.toFixed(size < 0.1 ? 3 : size < 10 ? 2 : 1);
}

// toPrecision writes 1.5e+2 where a reader expects 150.
function plain(text) {
  const number = Number(text);
  const size = Math.abs(number);
  return size >= 1e-5 && size < 1e9 ? String(number) : text;
}

function spread(start, length) {
  return length === 1 ? `${start}` : `${start}–${start + length - 1}`;
}

function kindLabel(layer) {
  return layer.window ? `${layer.kind} · window ${layer.window}` : layer.kind;
}

// A token inside a sentence is an island: a script that runs from right to left must not carry the
// number after it away. The marks become elements on the page and fall away elsewhere.
const [ISLAND, SHORE] = ['\u2068', '\u2069'];
const island = (text) => ISLAND + text.replace(/[\u2066-\u2069]/g, '') + SHORE;
const spoken = (sentence) => sentence.replace(/[\u2068\u2069]/g, '');

function writeSentence(box, sentence) {
  const parts = sentence.split(/[\u2068\u2069]/); // every second part is an island
  box.replaceChildren(...parts.map((part, at) => {
    const node = document.createElement(at % 2 ? 'bdi' : 'span');
    node.textContent = part;
    return node;
  }));
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);

function createWords(settings, run) {
  const token = (index) => `${index} "${island(run.tokens[index])}"`;
  const bare = (index) => `${index} ${island(run.tokens[index])}`;
  const reason = (code) => settings.reasons[code].sentence;

  // One cell in one sentence; `cell` is {query, key, value, reason}.
  function cell(stage, { query, key, value, reason: code }) {
    const [from, to] = [`query ${token(query)}`, `key ${token(key)}`];
    if (Number.isNaN(value)) return `${from} does not see ${to}: ${reason(code)}`;
    const number = exactNumber(value);
    if (stage.name === settings.start) return `${from} attends to ${to}: ${number}`;
    const later = code ? ` (the mask will hide it: ${reason(code)})` : '';
    return `${from}, ${to}: ${stage.quantity} ${number}${later}`;
  }

  // A cell that stands for several, because the map has more cells than were sent.
  function block(stage, { query, key, size, value, reason: code }) {
    const where = `queries ${spread(query, size)}, keys ${spread(key, size)}`;
    if (Number.isNaN(value)) return `${where}: hidden, ${reason(code)}`;
    return `${where}: ${stage.quantity} up to ${exactNumber(value)} (zoom in for single cells)`;
  }

  // What heads a row or a column.
  function line(stage, direction, index) {
    const row = direction === 'row';
    const who = `${row ? 'query' : 'key'} ${token(index)}`;
    if (stage.name !== settings.start) return `${who}, ${stage.quantity} by ${row ? 'key' : 'query'}:`;
    return row ? `${who} attends to` : `${who} gets attention from`;
  }

  function head(state) {
    const layer = run.layers[state.layer];
    return `layer ${state.layer} (${kindLabel(layer)}), head ${state.head}`;
  }

  // Query heads that read the same keys and values.
  function sharing(head) {
    const group = run.heads / run.kv_heads;
    if (group === 1) return '';
    const shared = Math.floor(head / group);
    const first = shared * group;
    return `key/value head ${shared}, shared by heads ${spread(first, group)}`;
  }

  return { cell, block, line, head, sharing, token, bare };
}
