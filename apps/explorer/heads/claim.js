// The claim: what the head on screen does here, and one button. It lies in the empty triangle of a causal map where it
// fits, else below the map.

import { h, put } from '../../page/dom.js';
import { latest } from '../../page/ask.js';
import { UNCHANGED } from '../changes/restore.js';
import { anyOf, placeOf } from '../place.js';

const WIDEST = 460;
const SHARE = 0.6; // of the map's width
const PHONE = 900;
const FILLED = ['attn_logits', 'attn_scores']; // stages whose maps have no empty triangle

const probability = (value) => (value < 1e-4 ? '<0.0001' : value.toFixed(value < 0.01 ? 4 : 3));

export function createClaim(page) {
  const { store } = page;
  const box = h('div', { class: 'claim' });
  const [asked, fed] = [latest(), latest()];
  const known = new Map(); // answers by question
  let feeder = null; // {run, head, sentence}, measured

  async function tell() {
    const { run, pair } = store.data;
    const { layer, head, query } = placeOf(store);
    const question = { run: run.id, layer, head, query, ...(pair?.id ? { changed: pair.id } : {}) };
    const key = JSON.stringify(question);
    if (!known.has(key)) {
      if (known.size > 500) known.clear();
      const answer = await asked.ask('claim', question).catch((error) => ({ first: [[error.message, false]], more: [], actions: [] }));
      known.set(key, answer);
    }
    const answer = known.get(key);
    draw(answer);
    if (pair?.id) page.say(answer.first.map(([text]) => text).join(''));
    if (pair?.id && isGroupOff()) measure(run, answer);
  }

  const isGroupOff = () => {
    const { opening } = store.data.run;
    return opening.kind === 'induction' && opening.group.join() === store.selection.off.join();
  };

  // Who feeds the copying heads is said only after it was measured.
  async function measure(run, answer) {
    if (feeder?.run !== run.id) feeder = { run: run.id, ...await fed.ask('feeder', { run: run.id }).catch(() => null) };
    if (feeder.head && isGroupOff()) draw(answer, feeder);
  }

  const pieces = (parts) => parts.map(([text, strong]) => (strong ? h('b', {}, text) : text));

  function draw({ first, more, big, actions }, feeds = null) {
    const { opening } = store.data.run;
    const modified = store.data.pair?.id;
    const buttons = actions.map(({ label, off, head, main }) => button(label, { ...(off ? { off } : {}), ...(head ? { head } : {}) }, main));
    if (modified) buttons.unshift(button('Restore', UNCHANGED, true));
    if (feeds) buttons.push(button(`Try ${feeds.head}, which feeds them`, { off: [feeds.head], head: opening.head }, false, feeds.sentence));
    put(
      box,
      h('div', { class: 'words' },
        big ? h('p', { class: 'big' }, h('s', {}, `${big.token} ${probability(big.was)} → `), probability(big.is)) : null,
        h('p', {}, pieces(first)), more.length ? h('p', { class: 'sub' }, pieces(more)) : null),
      buttons.length ? h('div', { class: 'act' }, buttons) : null,
    );
    place();
  }

  const button = (label, patch, main = false, title = null) => h('button', { type: 'button', class: `btn${main ? ' pri' : ''}`, title, onclick: () => store.select(patch) }, label);

  function place() {
    const slot = page.slots.claim;
    if (!slot) return;
    if (box.parentElement !== slot) put(slot, box);
    const { mapBox } = store.data;
    const { drawing, stage, ab } = store.selection;
    const isWide = window.innerWidth > PHONE;
    const isTriangle = isWide && drawing === 'map' && mapBox?.causal && !FILLED.includes(stage);
    box.hidden = ab || (isWide && drawing === 'map' && mapBox?.causal && FILLED.includes(stage));
    box.className = `claim ${isTriangle ? 'triangle' : 'docked'}`;
    Object.assign(box.style, { left: '', top: '', width: '' });
    if (!isTriangle) return;
    const width = Math.min(WIDEST, SHARE * mapBox.side);
    Object.assign(box.style, { left: `${mapBox.left + mapBox.side - width}px`, top: `${mapBox.top + 2}px`, width: `${width}px` });
    // Its lower left corner must not touch a cell.
    const touches = () => box.offsetHeight + width + 1.6 * mapBox.cell > mapBox.side;
    box.classList.toggle('tight', touches());
    box.classList.toggle('small', touches());
  }

  return {
    update(changed) {
      if (anyOf(changed, 'run', 'pair', 'head', 'query')) tell();
      else if (anyOf(changed, 'mapBox', 'drawing', 'stage', 'ab', 'size')) place();
    },
  };
}
