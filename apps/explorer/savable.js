// What Explore can save where the reader is: {label, name, shown}; `shown` is what the server makes a recipe of.

import { savedMask } from './looks/mask_situation.js';
import { placeOf } from './place.js';

export function savable({ selection, data }, settings) {
  if (selection.look === 'mask') return [{ label: 'The masks', name: `mask_${selection.lesson}`, shown: { kind: 'mask', ...savedMask(settings.explore.lessons, selection, data.run) } }];
  const { run, pair } = data;
  if (!run) return [];
  const { name, layer, head, query, stage } = placeOf({ selection, data });
  const here = selection.side === 'before' || !pair ? run.id : pair.id;
  const view = (label, kind, options, { file = `${kind}_${name}`, of = here } = {}) => ({
    label, name: file, shown: { kind: 'view', view: kind, runs: [of], options },
  });
  const drawings = {
    map: view('The map', 'attention', { layer, head, stage }),
    lines: view('The lines', 'heads', { layer, heads: `${head}`, unit: selection.words ? 'words' : 'tokens', bos: selection.bos }),
    text: view('The text', 'text', { layer, head, stage, query }),
  };
  const before = { kind: 'pair', before: run.id, after: pair?.id };
  const changed = pair ? [
    { label: 'The difference', name: `difference_${name}`, shown: { ...before, view: 'difference', options: { layer, head, stage } } },
    { label: 'The next tokens', name: 'next-tokens', shown: { ...before, view: 'next_token', options: {} } },
  ] : [];
  if (selection.look === 'softcap') {
    const curve = view('The curve', 'softcap_curve', { layer, head }, { of: pair?.id ?? run.id });
    return [curve, ...changed, view('All heads', 'softcap', { metric: selection.saturation }, { file: `softcap_${selection.saturation}`, of: run.id })];
  }
  const drawn = drawings[selection.drawing];
  const shown = pair && selection.side === 'difference' ? [changed[0], drawn, changed[1]] : [drawn, ...changed];
  const key = data.row?.key ?? selection.key;
  const cell = key === null || key === undefined ? [] : [view('The cell in five stages', 'cell', { layer, head, query, key })];
  return [...shown, ...cell, view('All heads', 'atlas', {}, { file: 'heads' })];
}
