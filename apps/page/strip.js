// The strip: the tokens, of which one is the query, underlined by its attention; facts or changes; the next token.

import { h, put } from './dom.js';
import { createForecast } from './forecast.js';
import { directionOf, groupsOf, isMark, lettersOf, windowOf } from './words.js';

const idle = window.requestIdleCallback ?? ((then) => setTimeout(then, 50));
const MOST_FADED = 100; // underlines whose colours change gradually: more of them cost the map its frame
const several = (number, what) => `${number.toLocaleString('en')} ${what}${number === 1 ? '' : 's'}`;

// What a mode publishes for the underlines, as `row` of the data: {query, colours: one CSS colour for each token,
// strongest: the key that the selection follows while the reader has chosen none}.
export function createStrip(page) {
  const { store } = page;
  const tokens = h('div', { id: 'tokens', role: 'listbox', 'aria-label': 'Tokens: the chosen one is the query', 'aria-orientation': 'horizontal', onkeydown: keys });
  const changes = h('div', { id: 'changes' });
  const facts = h('div', { class: 'facts' });
  const forecast = createForecast(page);
  page.slots.changes = changes;
  const box = h('section', { id: 'strip', 'aria-label': 'Tokens and next token' }, h('div', { class: 'left' }, tokens, changes, facts), forecast.box);
  let shown = [0, 0];
  let marked = { q: null, k: null }; // the tokens that carry these classes
  let drawn = []; // the colour of each underline

  const count = () => store.data.run.tokens.length;
  const query = () => Math.min(store.selection.query ?? store.data.run.opening?.query ?? count() - 1, count() - 1);
  const option = (at) => tokens.querySelector(`[data-at="${at}"]`);

  const choose = (at, isKey) => store.select(isKey ? { key: at } : { query: at, key: null });

  function keys(event) {
    const forward = tokens.dir === 'rtl' ? -1 : 1;
    const step = { ArrowRight: forward, ArrowLeft: -forward, Home: -count(), End: count() }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    choose(Math.max(0, Math.min(count() - 1, query() + step)), false);
    option(query())?.focus();
  }

  function button(at) {
    const { text, title } = store.data.run.readable[at];
    const kind = isMark(text) ? 'mark' : text === '' ? 'rest' : null;
    return h('button', {
      type: 'button', role: 'option', tabindex: '-1', 'aria-selected': 'false', class: kind, 'data-at': at, title: `${at}: ${title}`, 'aria-label': title,
      onclick: (event) => choose(at, event.shiftKey),
    }, lettersOf(text), h('i'));
  }

  function drawTokens() {
    const { run } = store.data;
    shown = windowOf(count(), query());
    [marked, drawn] = [{ q: null, k: null }, []];
    tokens.dir = directionOf(run.text);
    tokens.classList.toggle('many', shown[1] - shown[0] > MOST_FADED);
    const more = (at, label) => h('button', { type: 'button', role: 'option', tabindex: '-1', class: 'further', onclick: () => choose(at, false) }, label);
    put(tokens,
      shown[0] > 0 ? more(shown[0] - 1, `… ${shown[0]} before`) : null,
      groupsOf(run, shown).map(({ at, joins }) => h('span', { class: joins ? 'w joins' : 'w', role: 'presentation', dir: 'auto' }, at.map(button))),
      shown[1] < count() ? more(shown[1], `${count() - shown[1]} after …`) : null);
  }

  function move(name, at) {
    if (marked[name] === at) return;
    option(marked[name])?.classList.remove(name);
    option(at)?.classList.add(name);
    marked[name] = at;
  }

  function select(at, isOn) {
    const element = option(at);
    if (!element) return;
    element.setAttribute('aria-selected', String(isOn));
    element.tabIndex = isOn ? 0 : -1;
  }

  function mark() {
    const at = query();
    if (at < shown[0] || at >= shown[1]) drawTokens();
    const key = store.selection.key ?? store.data.row?.strongest ?? null; // a sink is no token, and marks none
    // Of hundreds of tokens, those only that change.
    move('k', key);
    if (marked.q !== at) {
      select(marked.q, false);
      select(at, true);
    }
    move('q', at);
    reveal(option(at));
  }

  function reveal(element) {
    if (!element) return;
    const [own, all] = [element.getBoundingClientRect(), tokens.getBoundingClientRect()];
    if (own.left < all.left + 24 || own.right > all.right - 24) tokens.scrollLeft += own.left - all.left - (all.width - own.width) / 2;
  }

  // Of hundreds of tokens those around the query now, the others when there is time.
  function underline() {
    const [elements, chosen] = [[...tokens.querySelectorAll('[data-at]')], query()];
    const isNear = ({ dataset: { at } }) => Math.abs(Number(at) - chosen) < MOST_FADED;
    if (elements.length <= 2 * MOST_FADED) return colour(elements);
    colour(elements.filter(isNear));
    return idle(() => colour(elements));
  }

  function colour(elements) {
    const { row } = store.data;
    const isOwn = row && row.query === query() && row.colours?.length === count();
    for (const element of elements) {
      const at = Number(element.dataset.at);
      const wanted = (isOwn && row.colours[at]) || '';
      if (drawn[at] !== wanted) element.lastChild.style.background = wanted;
      drawn[at] = wanted;
    }
  }

  function drawFacts() {
    const { run, origin } = store.data;
    const words = [
      several(count(), 'token'), `${several(run.layers.length, 'layer')} × ${several(run.heads, 'head')}`, run.dtype,
      ...(run.layers.every((layer) => layer.causal === false) ? ['sees both sides'] : []),
    ];
    // "approximate weights: int4 (...)": its first words; the whole of it is told on pointing.
    const weights = run.weights.map((sentence) => h('span', { title: sentence }, sentence.split(/[:;]/)[0]));
    // Where the text comes from, if not from the reader: the mode knows.
    const from = origin?.text === run.text ? h('span', { title: origin.about }, origin.said) : null;
    // "all stages, equal to ..." or "maps only: ...": what stands behind is told on pointing, and by the status.
    const tier = h('span', { title: `${run.tier}\n${run.parity}` }, run.tier.split(/[,:]/)[0]);
    put(facts, from, words.map((word) => h('span', {}, word)), weights, tier);
  }

  return {
    box,
    update(changed) {
      box.hidden = page.mode().hasStrip === false;
      if (!store.data.run || box.hidden) return;
      if (changed.has('run')) {
        drawTokens();
      }
      if (changed.has('run') || changed.has('origin')) drawFacts();
      if (['run', 'query', 'key', 'row', 'size'].some((name) => changed.has(name))) mark();
      if (['run', 'query', 'row', 'theme'].some((name) => changed.has(name))) underline();
      forecast.update(changed);
    },
  };
}
