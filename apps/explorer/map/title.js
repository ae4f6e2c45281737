// The title: which head, what kind it is, and what can be done with it.

import { h, put } from '../../page/dom.js';
import { headOf } from '../../page/selection.js';
import { pin, toggle } from '../heads/actions.js';
import { badge, layerGlyph } from '../heads/badges.js';
import { scoredOf, valueOf } from '../heads/scored.js';
import { placeOf } from '../place.js';
import { sightOf } from '../../page/layer_glyph.js';
import { comparedOf } from './asked.js';

const LETTERS = 'ABCD';

export function createTitle(page) {
  const { store } = page;
  const [name, about] = [h('h2', {}), h('div', { class: 'about' })];
  const pins = [0, 1].map((slot) => h('button', { class: 'btn sm', type: 'button', onclick: () => pin(page, placeOf(store).name, slot) }));
  const off = h('button', { class: 'btn sm off', type: 'button', onclick: () => toggle(page, placeOf(store).name) });
  const box = h('div', { class: 'title' }, name, about, h('span', { class: 'grow' }), pins, off);

  function showPins({ selection, data }, place) {
    pins.forEach((button, slot) => {
      const isOn = selection.pins[slot] === place.name;
      button.setAttribute('aria-pressed', isOn);
      button.disabled = slot > selection.pins.length;
      put(button, `${isOn ? 'Unpin' : 'Pin'} ${LETTERS[slot]}`);
    });
    const why = data.run.lacks?.changes ?? (data.run.layers[place.layer].softmax === false ? 'This layer has no heads' : null);
    off.disabled = Boolean(why);
    off.title = why ?? '';
    put(off, selection.off.includes(place.name) ? 'Restore ' : 'Switch off ', h('kbd', {}, 'x'));
  }

  // "local, window 32", "copies 0.89", "key/value 1"
  function oneHead({ run }, { layer, head }) {
    const { kind, sinks, prefix } = run.layers[layer];
    const { scores, types, kinds, said } = scoredOf(store);
    const type = types?.[layer]?.[head];
    const decided = kinds?.find((each) => each.name === type);
    const score = type && decided ? valueOf(scores, decided.score, { layer, head }) : null;
    const shared = run.heads / run.kv_heads;
    const group = Math.floor(head / shared);
    return [
      h('span', { class: 'kind', title: sightOf(run.layers[layer]) }, layerGlyph(kind), kind),
      sinks ? h('span', { class: 'kv', title: 'A learned sink takes a share of every row, beside its keys' }, 'learned sink') : null,
      prefix ? h('span', { class: 'kv', title: 'The tokens of the prefix see one another, whatever else the mask hides' }, `prefix ${prefix}`) : null,
      type ? badge(type, score) : null,
      store.selection.scored === 'text' ? null : h('span', { class: 'm over' }, `${type ? '' : 'no kind '}over ${said}`),
      shared > 1 ? h('span', { class: 'kv', title: `heads ${group * shared} to ${(group + 1) * shared - 1} share keys and values` }, `${sinks ? 'kv' : 'key/value'} ${group}`) : null,
    ];
  }

  function severalHeads({ selection: { over, chosen }, data: { run } }, { layer }) {
    if (over === 'rollout') return ['Rollout', `of layers 0 to ${layer}`];
    const what = over === 'mean' ? 'Mean' : 'Maximum';
    return [what, chosen.length ? `of ${chosen.join(', ')}` : `of the ${run.heads} heads of layer ${layer}`];
  }

  return {
    box,
    update() {
      const place = placeOf(store);
      const compared = comparedOf(store);
      showPins(store, place);
      if (compared.length) {
        put(name, LETTERS.slice(0, compared.length).split('').join(' | '));
        put(about, h('span', { class: 'kv' }, compared.length === 2 ? `${compared[0]} against ${compared[1]}` : compared.join(', ')));
      } else if (store.selection.over) {
        const [what, of] = severalHeads(store, place);
        put(name, what);
        put(about, h('span', { class: 'kv' }, of));
      } else {
        put(name, `L${place.layer} H${place.head}`);
        put(about, oneHead(store.data, place));
      }
    },
  };
}

export const kindOf = (run, name) => run.layers[headOf(name).layer].kind;
