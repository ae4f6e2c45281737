// The claim: what the head on screen does here, and one button. It lies in the empty triangle of a causal map where it
// fits, else below the map.

import { h, put } from '../../page/dom.js';
import { UNCHANGED } from '../changes/restore.js';
import { anyOf, placeOf } from '../place.js';

const WIDEST = 460;
const SHARE = 0.6; // of the map's width
const PHONE = 900;
const MOST_KNOWN = 500;
const FILLED = ['attn_logits', 'attn_scores']; // stages whose maps have no empty triangle

const probability = (value) => (value < 1e-4 ? '<0.0001' : value.toFixed(value < 0.01 ? 4 : 3));

export function createClaim(page) {
  const { store } = page;
  const box = h('div', { class: 'claim' });
  const known = new Map(); // answers to come by question
  let asked = 0; // the latest question, so that an answer that comes late is dropped
  let feeder = {}; // {run, found: what was measured, to come}
  let drawn = null; // the answer on screen

  // The answer to a question, asked once.
  function answered(question) {
    const key = JSON.stringify(question);
    if (known.size > MOST_KNOWN) known.clear();
    if (!known.has(key)) {
      known.set(key, page.ask('claim', question).catch((error) => {
        known.delete(key);
        return { first: [[error.message, false]], more: [], actions: [] };
      }));
    }
    return known.get(key);
  }

  async function tell() {
    const { run, pair } = store.data;
    const { layer, head, query } = placeOf(store);
    const question = { run: run.id, layer, head, query, ...(pair?.id ? { changed: pair.id } : {}) };
    const turn = asked += 1;
    const answer = await answered(question);
    if (turn !== asked) return;
    draw(answer);
    if (pair?.id) page.say(answer.first.map(([text]) => text).join(''));
    if (pair?.id && isGroupOff()) measure(run, answer);
  }

  const isGroupOff = () => {
    const { opening } = store.data.run;
    return opening?.kind === 'induction' && opening.group.join() === store.selection.off.join();
  };

  // Who feeds the copying heads is said only after it was measured.
  async function measure(run, answer) {
    if (feeder.run !== run.id) feeder = { run: run.id, found: page.ask('feeder', { run: run.id }).catch(() => null) };
    const found = await feeder.found;
    if (found && feeder.run === store.data.run.id && isGroupOff() && answer === drawn) draw(answer, found);
  }

  const pieces = (parts) => parts.map(([text, strong]) => (strong ? h('b', {}, text) : text));

  function draw(answer, feeds = null) {
    const { first, more, big, actions } = answer;
    drawn = answer;
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
    const { drawing, stage, ab, present } = store.selection;
    const isWide = window.innerWidth > PHONE;
    // The map says whether it has left room below.
    const isDocked = !isWide || present || Boolean(slot.closest('.docked'));
    const isTriangle = !isDocked && drawing === 'map' && mapBox?.causal && !FILLED.includes(stage);
    box.hidden = ab || !(isTriangle || isDocked);
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
      else if (anyOf(changed, 'mapBox', 'drawing', 'stage', 'ab', 'present', 'over', 'size')) place();
    },
  };
}
