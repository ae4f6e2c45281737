// Colour: tables from Python, scales, and the hatching of hidden cells.

export const HATCH = 8; // side of a hatch pattern in device pixels

export function bytesOf(base64) {
  const text = atob(base64);
  return Uint8Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
}

// Colours as one integer per pixel, the way an ImageData buffer holds them (little endian).
export function packed(red, green, blue) {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

export function colourTable(rgb) {
  const pixels = new Uint32Array(256);
  const faded = new Uint32Array(256);
  const css = [];
  const dark = new Uint8Array(256); // 1 where text on the colour must be light
  for (let step = 0; step < 256; step += 1) {
    const [red, green, blue] = rgb.subarray(3 * step, 3 * step + 3);
    const mix = (channel) => Math.round(0.35 * channel + 0.65 * 128);
    pixels[step] = packed(red, green, blue);
    faded[step] = packed(mix(red), mix(green), mix(blue));
    css.push(`rgb(${red} ${green} ${blue})`);
    dark[step] = 0.299 * red + 0.587 * green + 0.114 * blue < 140 ? 1 : 0;
  }
  return { pixels, faded, css, dark };
}

export const PATTERNS = {
  '/': (x, y) => (x + y) % HATCH === 0,
  '\\': (x, y) => (x - y + HATCH) % HATCH === 0,
  x: (x, y) => (x + y) % HATCH === 0 || (x - y + HATCH) % HATCH === 0,
  '.': (x, y) => x % 4 === 0 && y % 4 === 0,
  '-': (x, y) => y % 4 === 0,
};

// A pattern of HATCH x HATCH pixels, as Python names it.
export function hatchTile({ pattern, ink, paper }) {
  const [inkPixel, paperPixel] = [packed(...ink), packed(...paper)];
  const drawn = PATTERNS[pattern];
  const tile = new Uint32Array(HATCH * HATCH);
  for (let y = 0; y < HATCH; y += 1) {
    for (let x = 0; x < HATCH; x += 1) tile[y * HATCH + x] = drawn(x, y) ? inkPixel : paperPixel;
  }
  return tile;
}

export function createPalette(settings) {
  const tables = {};
  for (const theme of ['light', 'dark']) {
    const { sequential, diverging } = settings.colours[theme];
    tables[theme] = {
      sequential: colourTable(bytesOf(sequential)),
      diverging: colourTable(bytesOf(diverging)),
      hatches: settings.reasons.map((reason) => hatchTile(reason[theme])),
    };
  }
  const theme = () => (document.body.classList.contains('dark') ? 'dark' : 'light');
  return {
    theme,
    table: (stage) => tables[theme()][stage.scale],
    hatches: () => tables[theme()].hatches,
  };
}

export function largestMagnitude(tile) {
  let largest = 0;
  for (let at = 0; at < tile.values.length; at += 1) {
    const size = Math.abs(tile.values[at]);
    if (size > largest && !tile.reasons[at]) largest = size;
  }
  return largest;
}

// The scale of a stage for one head: where a value lies in the table, and which ticks to print.
export function createScale(stage, tile, fit) {
  const fixed = fit ? null : stage.high;
  const high = fixed ?? (largestMagnitude(tile) || 1);
  if (stage.scale === 'diverging') {
    const step = (value) => 127.5 + (127.5 * value) / high;
    return { high, step: clamped(step), ticks: [-1, -0.5, 0, 0.5, 1].map(tickAt(high, (s) => (s + 1) / 2)) };
  }
  const bend = (share) => share ** stage.power;
  const step = stage.power === 0.5
    ? (value) => 255 * Math.sqrt(value / high) // sqrt is several times faster than **
    : (value) => 255 * bend(value / high);
  return { high, step: clamped(step), ticks: [0, 0.05, 0.2, 0.5, 1].map(tickAt(high, bend)) };
}

export function clamped(step) {
  return (value) => {
    const at = step(value);
    return at > 255 ? 255 : at > 0 ? (at + 0.5) | 0 : 0;
  };
}

export function tickAt(high, position) {
  return (share) => ({ value: share * high, at: position(share) });
}
