// What Explore can save where the reader is: {label, name, shown}; `shown` is what the server makes a recipe of.

import { savedMasks } from './looks/mask_situation.js';
import { duration } from '../page/progress.js';
import { keyOf, placeOf } from './place.js';
import { savedOfSweep } from './sweeps/saving.js';

export function savable({ selection, data }, settings) {
  if (selection.look === 'mask') return savedMasks(settings.explore.lessons, selection, data.run).map((each) => ({ ...each, name: `mask_${selection.lesson}` }));
  const { run, pair } = data;
  if (!run) return [];
  const ofSweep = savedOfSweep(selection, data);
  if (ofSweep.length) return ofSweep;
  if (selection.look === 'prediction') return predicted(selection, data);
  if (selection.look === 'patching' && data.patched?.run === run.id) {
    return [{ label: 'The grid of patched runs', name: `patching_${data.patched.what}_by_${data.patched.by}`, shown: { kind: 'patch', ...data.patched } }];
  }
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
  const key = keyOf({ selection, data });
  const cell = key === null || key === undefined ? [] : [view('The cell in five stages', 'cell', { layer, head, query, key })];
  return [...shown, ...cell, view('All heads', 'atlas', {}, { file: 'heads' })];
}

// Of the prediction: the columns of the lens that are shown, the parts of the logit, and what a change did to the lens.
function predicted({ quantity, side }, { run, pair, lens }) {
  if (lens?.run !== run.id) return [];
  const { at, positions: [from, to], token, followed, seconds } = lens;
  const rest = seconds > 1 ? `, all of which is read first: about ${duration(seconds)}` : '';
  const positions = `${from}:${to}`;
  const here = pair && side !== 'before' ? pair.id : run.id;
  const view = (label, name, options) => ({ label: label + rest, name, shown: { kind: 'view', view: name, runs: [here], options, token } });
  const change = { label: `The lens compared${rest}`, name: 'lens_change', shown: { kind: 'pair', view: 'lens_change', before: run.id, after: pair?.id, options: { positions }, token: token ?? followed } };
  return [view('The lens', 'lens', { metric: quantity, positions }), view('The contributions', 'contributions', { position: at }), ...(pair ? [change] : [])];
}
