// What a kind of head and a kind of layer look like.

import { h, icon } from '../../page/dom.js';
import { layerGlyph, sightOf } from '../../page/layer_glyph.js';

export { layerGlyph };

const KINDS = {
  induction: { label: 'copies', hint: 'copies what came next (induction)', icon: ['M2.1 6.5h10v11h-10z', 'M7 6V2h11v11h-3.6'] },
  previous_token: { label: 'previous', hint: 'looks at the token before', icon: ['M18 10H3M8.5 4.5L3 10l5.5 5.5'] },
  duplicate_token: { label: 'duplicate', hint: 'looks at earlier places of the same token', icon: ['M4 7h12M4 13h12'] },
  sink: { label: 'sink', hint: 'rests on the first token', icon: ['M2.5 2.5v15h15M17 4L7 12M7 7v5h5'] },
  self: { label: 'itself', hint: 'looks at the token itself', icon: ['M3 10a7 7 0 1 0 14 0a7 7 0 1 0-14 0', 'M10 10h.1'] },
  spread: { label: 'spreads', hint: 'spreads its attention nearly evenly', low: true, icon: [5, 10, 15].map((y) => `M3 ${y}h.1M7.7 ${y}h.1M12.3 ${y}h.1M17 ${y}h.1`) },
};

export const labelOf = (kind) => KINDS[kind]?.label ?? kind ?? '';

// The badge of a kind, with its score where it is given; an empty one for none.
export function badge(kind, score = null) {
  const known = KINDS[kind];
  const element = h('span', { class: `badge${known?.low ? ' lo' : ''}`, title: known?.hint });
  if (!kind) return element;
  element.append(icon(...(known?.icon ?? [])), labelOf(kind));
  if (score !== null) element.append(h('span', { class: 'number' }, score.toFixed(2)));
  return element;
}

// "local, window 32", "chunked, 8 each", "global": the legend of the layers' kinds.
export function layerLegend(layers, short = false) {
  const kinds = new Map(layers.map((layer) => [layer.kind, layer]));
  const size = ({ window, chunk }) => (window ? `, window ${window}` : chunk ? `, ${chunk} each` : '');
  return [...kinds.values()].map((layer) => (
    h('span', { class: 'kind', title: sightOf(layer) }, layerGlyph(layer.kind), layer.kind + (short || kinds.size > 2 ? '' : size(layer)))
  ));
}
