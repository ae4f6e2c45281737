// What kinds of layers look like; the server says it once. A kind that it does not know has a dot.

import { h, icon } from './dom.js';

const UNKNOWN = { words: '', glyph: 'M5 5h10v10H5z', mark: 'M-3-3h6v6h-6z', sees: '' };
const looks = new Map(); // by name

// `kinds` = [{name, words, glyph, mark, light, dark, sees}]; their colours become --NAME of both themes.
export function knowLayers(kinds) {
  for (const kind of kinds) looks.set(kind.name, kind);
  const colours = (theme) => kinds.map(({ name, [theme]: colour }) => `--${name}: ${colour};`).join(' ');
  document.head.append(h('style', {}, `:root { ${colours('light')} } .dark { ${colours('dark')} }`));
}

export const lookOf = (kind) => looks.get(kind) ?? UNKNOWN;
export const colourOf = (kind) => `var(--${kind}, var(--ink2))`;

// "sees 32 tokens", "sees the whole text; the first 8 tokens see one another": what a query of a layer sees.
export function sightOf({ kind, window, chunk, prefix }) {
  const sees = lookOf(kind).sees.replace('{window}', window).replace('{chunk}', chunk);
  return prefix ? `${sees}; the first ${prefix} tokens see one another` : sees;
}

export function layerGlyph(kind) {
  const glyph = icon(lookOf(kind).glyph);
  glyph.setAttribute('class', 'glyph');
  glyph.style.fill = colourOf(kind);
  glyph.append(Object.assign(document.createElementNS('http://www.w3.org/2000/svg', 'title'), { textContent: lookOf(kind).words || kind }));
  return glyph;
}
