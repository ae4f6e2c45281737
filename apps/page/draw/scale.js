// Scales: where a value lies in a colour table, and which numbers a legend prints. Pure.

const DECADES = 4; // of a log scale, below its upper end

const sizeOf = (value) => Math.abs(value);

const largest = new WeakMap(); // of tiles

// The largest magnitude of a tile's visible values, its sinks among them.
export function largestOf(tile) {
  if (!largest.has(tile)) largest.set(tile, measured(tile));
  return largest.get(tile);
}

function measured({ values, reasons, sinks }) {
  let found = sinks ? sinks.reduce((most, share) => Math.max(most, sizeOf(share)), 0) : 0;
  for (let at = 0; at < values.length; at += 1) {
    const size = sizeOf(values[at]);
    if (size > found && !reasons[at]) found = size;
  }
  return found;
}

const byteAt = (share) => (share >= 1 ? 255 : share > 0 ? Math.round(255 * share) : 0); // NaN is 0

// The scale of a stage, as Python tells it, for values up to `most`.
// fit: up to the largest value shown, also where the quantity has an end of its own; log: by decades;
// difference: around zero, by the square root of the magnitude.
export function createScale(stage, most, { fit = false, log = false, difference = false } = {}) {
  const own = fit ? null : stage.high;
  const high = (own ?? most) || 1;
  if (difference) return centred(high, 0.5, true);
  if (stage.scale === 'diverging') return centred(high, 1, false);
  return log ? decades(high) : powers(high, stage.power);
}

function centred(high, power, signed) {
  const share = (value) => 0.5 + 0.5 * Math.sign(value) * (sizeOf(value) / high) ** power;
  const values = power === 1 ? [-1, 0, 1] : [-1, -0.25, 0, 0.25, 1];
  const ticks = values.map((part) => ({ value: part * high, at: share(part * high), signed }));
  return { kind: 'diverging', high, power, step: (value) => byteAt(share(value)), ticks };
}

function powers(high, power) {
  const share = power === 0.5 ? (value) => Math.sqrt(value / high) : (value) => (value / high) ** power;
  const ticks = [0, 0.05, 0.2, 0.5, 1].map((part) => ({ value: part * high, at: part ** power }));
  return { kind: 'sequential', high, power, step: (value) => byteAt(share(value)), ticks };
}

function decades(high) {
  const share = (value) => (value > 0 ? 1 + Math.log10(value / high) / DECADES : 0);
  const ticks = [4, 3, 2, 1, 0].map((down) => ({ value: high / 10 ** down, at: 1 - down / DECADES }));
  return { kind: 'sequential', high, step: (value) => byteAt(share(value)), ticks, log: true };
}

// "0", ".05", "1.5", "−11", "+2.8", "1e-4": as short as a tick can be.
export function tickText({ value, signed = false }) {
  const size = sizeOf(value);
  const sign = value < 0 ? '−' : signed && value > 0 ? '+' : '';
  if (size === 0) return '0';
  if (size < 0.001) return `${sign}${size.toExponential(0)}`;
  const text = String(Number(size.toPrecision(size >= 10 && size < 100 ? 2 : size < 1 ? 2 : 3)));
  return sign + text.replace(/^0\./, '.');
}
