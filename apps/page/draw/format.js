// Numbers and sentences, as every component writes them.

// The shortest decimal that is the same float32: no digit lost, none invented by float64.
export function exactNumber(value) {
  for (let digits = 1; digits < 9; digits += 1) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return plain(text);
  }
  return plain(value.toPrecision(9));
}

export function shortNumber(value) {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 0.0005) return value.toExponential(0);
  return value.toFixed(size < 0.1 ? 3 : size < 10 ? 2 : 1);
}

// toPrecision writes 1.5e+2 where a reader expects 150.
export function plain(text) {
  const number = Number(text);
  const size = Math.abs(number);
  return size >= 1e-5 && size < 1e9 ? String(number) : text;
}

export function spread(start, length) {
  return length === 1 ? `${start}` : `${start}–${start + length - 1}`;
}

export function kindLabel(layer) {
  return layer.window ? `${layer.kind} · window ${layer.window}` : layer.kind;
}

// A token inside a sentence is an island: a script that runs from right to left must not carry the
// number after it away. The marks become elements on the page and fall away elsewhere.
export const [ISLAND, SHORE] = ['\u2068', '\u2069'];
export const island = (text) => ISLAND + text.replace(/[\u2066-\u2069]/g, '') + SHORE;
export const spoken = (sentence) => sentence.replace(/[\u2068\u2069]/g, '');

export function writeSentence(box, sentence) {
  const parts = sentence.split(/[\u2068\u2069]/); // every second part is an island
  box.replaceChildren(...parts.map((part, at) => {
    const node = document.createElement(at % 2 ? 'bdi' : 'span');
    node.textContent = part;
    return node;
  }));
}

export const capital = (text) => text[0].toUpperCase() + text.slice(1);
