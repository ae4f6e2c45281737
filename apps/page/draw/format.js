// Numbers as the page writes them. Pure.

const MINUS = '−';
const signed = (value, text) => (value < 0 ? MINUS : '') + text;

// Three or four digits that matter: "0.303", "6.42", "0.0078", "−11.2"; "<0.0001" below that.
export function valueText(value) {
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size < 0.0001) return signed(value, '<0.0001');
  return signed(value, size.toFixed(size >= 100 ? 1 : size >= 1 ? 2 : size >= 0.01 ? 3 : 4));
}

// Two digits, as printed beside a bar: "0.28", "−1.50", "11.2".
export function briefText(value) {
  const size = Math.abs(value);
  return signed(value, size.toFixed(size >= 10 ? 1 : 2));
}

// As `briefText`, for numbers of which some are far below 0.01: "0.28", ".0031", "3e-5".
export function shortText(value) {
  const size = Math.abs(value);
  if (size === 0 || size >= 0.01) return briefText(value);
  return signed(value, size >= 0.001 ? size.toFixed(4).slice(1) : size.toExponential(0));
}

// A token inside a sentence is an island: a script that runs from right to left must not carry the number after it away.
export const island = (text) => `\u2068${text.replace(/[\u2066-\u2069]/g, '')}\u2069`;
