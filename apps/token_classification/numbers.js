// Numbers as Classify writes them. Pure.

const MINUS = '−';

// "0.82", "0.996", "0.9998": so many digits that it is told from 1 and from 0.
export function probability(value) {
  if (value > 0.9995 && value < 1) return '>0.999';
  if (value > 0 && value < 0.0005) return '<0.001';
  return value >= 0.995 || value < 0.1 ? value.toFixed(3) : value.toFixed(2);
}

// "+1.09", "−0.77"
export const signed = (value) => `${value < 0 ? MINUS : '+'}${Math.abs(value).toFixed(2)}`;

// How many times as probable: "5.6", "120", "over 1,000"; of less than one its inverse is said.
export function times(score) {
  const ratio = Math.exp(Math.abs(score));
  return ratio >= 1000 ? 'over 1,000' : ratio >= 100 ? String(Math.round(ratio)) : ratio.toFixed(1);
}
