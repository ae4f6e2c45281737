// Colour: tables from Python, and the patterns of hidden cells.

const HATCH = 8; // side of a pattern in pixels

export function bytesOf(base64) {
  const text = atob(base64);
  return Uint8Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
}

// Black or white ink: whichever contrasts more with a colour (relative luminance, WCAG 2.1), at least 4.5 to 1.
export function inkOn(red, green, blue) {
  const linear = (channel) => (channel / 255) ** 2.2;
  const luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  return (luminance + 0.05) ** 2 > 1.05 * 0.05 ? '#000000' : '#ffffff';
}

// Colours as one integer per pixel, the way an ImageData buffer holds them (little endian).
export function packed(red, green, blue) {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

// {rgb: 256 triples, pixels: 256 integers, css: 256 strings, ink: 256 strings}
export function colourTable(rgb) {
  const pixels = new Uint32Array(256);
  const css = [];
  const ink = [];
  for (let step = 0; step < 256; step += 1) {
    const [red, green, blue] = rgb.subarray(3 * step, 3 * step + 3);
    pixels[step] = packed(red, green, blue);
    css.push(`rgb(${red} ${green} ${blue})`);
    ink.push(inkOn(red, green, blue));
  }
  return { rgb, pixels, css, ink };
}

export const PATTERNS = {
  '/': (x, y) => (x + y) % HATCH === 0,
  '\\': (x, y) => (x - y + HATCH) % HATCH === 0,
  x: (x, y) => (x + y) % HATCH === 0 || (x - y + HATCH) % HATCH === 0,
  '.': (x, y) => x % 4 === 0 && y % 4 === 0,
  '-': (x, y) => y % 4 === 0,
  '|': (x) => x % 4 === 0,
  '+': (x, y) => x % HATCH === 0 || y % HATCH === 0,
};

// HATCH x HATCH pixels as bytes of RGBA, of a pattern that Python names.
export function hatchBytes({ pattern, ink, paper }) {
  const bytes = new Uint8ClampedArray(4 * HATCH * HATCH);
  for (let at = 0; at < HATCH * HATCH; at += 1) {
    const colour = PATTERNS[pattern](at % HATCH, Math.floor(at / HATCH)) ? ink : paper;
    bytes.set([...colour, 255], 4 * at);
  }
  return bytes;
}

function hatchCanvas(look) {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = HATCH;
  canvas.getContext('2d').putImageData(new ImageData(hatchBytes(look), HATCH, HATCH), 0, 0);
  return canvas;
}

// The tables of both themes. `table` takes a scale or a stage, by its `scale` or `kind`; `hatches` gives a small canvas
// for each reason, null for one that leaves its cells empty.
export function createPalette(settings) {
  const tables = {};
  for (const theme of ['light', 'dark']) {
    const { sequential, diverging } = settings.colours[theme];
    tables[theme] = {
      sequential: colourTable(bytesOf(sequential)),
      diverging: colourTable(bytesOf(diverging)),
      hatches: settings.reasons.map((reason) => reason[theme] && hatchCanvas(reason[theme])),
    };
  }
  const theme = () => (document.body.classList.contains('dark') ? 'dark' : 'light');
  return {
    theme,
    table: ({ scale, kind }) => tables[theme()][kind ?? scale],
    hatches: () => tables[theme()].hatches,
  };
}
