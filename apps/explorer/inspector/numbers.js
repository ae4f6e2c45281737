// Numbers as the inspector writes them: three digits that can be read from afar. Pure.

const TINY = 1e-4;

// A probability: 0.303, 0.0078, <0.0001.
export function probability(value) {
  if (value === 0) return '0';
  if (value < TINY) return '<0.0001';
  if (value < 0.01) return value.toFixed(4);
  return value >= 0.9995 && value < 1 ? '>0.999' : value.toFixed(3);
}

// Any other number: 6.42, −13.8, 0.093.
export function amount(value) {
  const size = Math.abs(value);
  const sign = value < 0 ? '−' : '';
  if (size === 0) return '0';
  if (size < TINY) return `${sign && '>'}${sign || '<'}0.0001`;
  if (size >= 1e5) return sign + size.toExponential(1);
  return sign + size.toFixed(size >= 100 ? 1 : size >= 1 ? 2 : size >= 0.01 ? 3 : 4);
}

// A share in words: "30 %"; no rounding makes nothing or everything of it.
export function percent(share) {
  const whole = Math.round(100 * share);
  if (whole === 0 && share > 0) return 'less than 1 %';
  if (whole === 100 && share < 1) return 'over 99 %';
  return `${whole} %`;
}

const WORDS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];

// "no key scores", "one key scores", "12 keys score".
export const keysScore = (count) => `${WORDS[count] ?? count} ${count > 1 ? 'keys score' : 'key scores'}`;

export const tokens = (count) => (count === 1 ? '1 token' : `${count} tokens`);
