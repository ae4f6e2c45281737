// A band for a local layer, a triangle for a global one, steps for a chunked one, a bar for one without softmax.

import { icon } from './dom.js';

const LAYERS = { local: 'M0 0h7l13 13v7h-7L0 7z', global: 'M0 0l20 20H0z', chunked: 'M0 0l10 10H0zM10 10l10 10H10z', linear: 'M0 8h20v4H0z' };

export function layerGlyph(kind) {
  const glyph = icon(LAYERS[kind] ?? LAYERS.global);
  glyph.setAttribute('class', `glyph ${kind}`);
  return glyph;
}
