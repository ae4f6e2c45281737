// The sentence, each word painted with what the explanation says of it: brackets over entities, numbers below the words
// that matter most, an outline where the label becomes another one. An edited sentence has the labels of its own.

import { h, put } from '../page/dom.js';
import { createPalette } from '../page/draw/colour.js';
import { createToolbar } from '../page/toolbar.js';
import { directionOf } from '../page/words.js';
import { probability, signed } from './numbers.js';
import { part } from './overlap.js';
import { paintOf, stepOf } from './paint.js';
import { brief, entityAt, placeOf, saidAt } from './place.js';
import { tokenGroups } from './tokens.js';
import { movedTo } from './variant.js';

const SIZES = { least: 26, most: 46, wide: 60, present: 96, phone: 26 };

export function createSentence(page, box, body) {
  const { store } = page;
  const palette = createPalette(page.settings.explore);
  const words = h('div', { class: 'sent' });
  const toolbar = createToolbar(words, 'Words of the sentence');
  box.append(words);

  const edited = () => {
    const { edit } = store.selection;
    const { variant } = store.data;
    return edit?.by && variant?.labels && variant.edit.at === edit.at && variant.edit.by === edit.by ? variant.labels : null;
  };

  function chunks(labels, [start, stop]) {
    const found = [];
    for (let at = start; at < stop;) {
      const entity = labels.tagged ? entityAt(labels, at) : null;
      const end = Math.min(entity?.stop ?? at + 1, stop);
      found.push({ entity, at, end });
      at = end;
    }
    return found;
  }

  function draw() {
    const place = placeOf(store);
    const variant = edited();
    const shift = variant ? variant.words.length - place.labels.words.length : 0;
    const labels = variant ?? place.labels;
    const [start, stop] = place.sentence;
    const isEdit = Boolean(store.selection.edit?.by);
    const { how, per } = store.selection;
    const paint = isEdit ? null : paintOf(how, store.data.reasons, { ...place, per });
    const focused = words.contains(document.activeElement) ? document.activeElement.dataset.word : null;
    words.dir = directionOf(place.labels.text);
    if (how === 'grad' && per === 'token' && paint) put(words, tokenGroups(store.data.reasons.saliency.tokens, palette.table({ scale: 'diverging' })));
    else put(words, joined(chunks(labels, [start, stop + shift]).map((chunk) => group(chunk, { place, labels, paint, variant })), labels));
    toolbar.update();
    if (focused !== null) words.querySelector(`[data-word="${focused}"]`)?.focus();
    fit();
  }

  // Words that stand together without a space do not part at the end of a line.
  function joined(groups, labels) {
    const lines = [];
    for (const { element, at } of groups) {
      const isGlued = lines.length && labels.words[at].before === '';
      if (isGlued) lines.at(-1).push(element);
      else lines.push([element]);
    }
    return lines.map((together) => (together.length > 1 ? h('span', { class: 'glued' }, together) : together));
  }

  function group({ entity, at, end }, context) {
    const { place, labels, variant } = context;
    const own = variant ? movedTo(place.labels, variant, store.selection.edit, place.first) : place.first;
    const isOwn = !place.isWhole && at <= own && own < end;
    const was = variant && isOwn ? saidAt(place).label : null;
    const now = entity?.label ?? labels.words[at].label;
    const name = was !== null && was !== now ? [h('i', {}, `${was} → `), h('b', {}, now), probability(entity?.confidence ?? labels.words[at].confidence)]
      : entity || (!labels.tagged && !place.isWhole) ? [now, isOwn ? probability(entity?.confidence ?? labels.words[at].confidence) : null] : null;
    const classes = ['e', entity || name ? '' : 'o', isOwn ? 'sel' : ''].filter(Boolean).join(' ');
    const element = h('span', { class: classes }, name ? h('span', { class: 'lb' }, name.filter(Boolean).map((part) => (typeof part === 'string' ? h('span', {}, part) : part))) : null,
      Array.from({ length: end - at }, (_, index) => word(at + index, isOwn, context)));
    return { element, at };
  }

  function word(at, isOwn, { place, labels, paint, variant }) {
    const { edit } = store.selection;
    const index = at - place.sentence[0];
    const value = paint?.values[index] ?? null;
    const flip = paint?.flips[index];
    const below = flip !== undefined ? (paint.scale === 'diverging' ? `${signed(value)} → ${store.selection.how === 'masks' ? flip : brief(flip)}` : flip)
      : value !== null && paint.numbers.has(index) ? (paint.scale === 'sequential' ? probability(value) : signed(value)) : null;
    const before = at > place.sentence[0] && labels.words[at].before;
    const isNew = edit?.by && variant && at === edit.at;
    const own = isOwn && (variant ? true : at === place.word || place.entity !== null);
    const classes = [own ? 'me' : '', flip !== undefined ? 'flip' : '', isNew ? 'new' : '', edit && !edit.by && at === edit.at ? 'changing' : '', before === '' ? 'joins' : ''].filter(Boolean).join(' ');
    const step = paint ? stepOf(value, paint.most, paint.scale) : null;
    const look = step === null ? {} : { background: palette.table({ scale: paint.scale }).css[step], color: palette.table({ scale: paint.scale }).ink[step] };
    const about = labels.words[at].label === undefined ? '' : `, ${labels.words[at].label}`;
    return h('button', {
      type: 'button', class: classes, style: look, 'data-word': at, title: `word ${at}${about}${value === null ? '' : `: ${signed(value)}`}`,
      onclick: () => pick(at, variant), ondblclick: () => document.querySelector('#classify .ed input')?.select(),
    }, h('bdi', {}, labels.words[at].text), below ? h('em', {}, below) : null);
  }

  // A word of an entity is asked about, another one is chosen to be changed.
  function pick(at, variant) {
    const place = placeOf(store);
    const own = variant && at > store.selection.edit.at ? at - variant.words.length + place.labels.words.length : at;
    const entity = entityAt(place.labels, own);
    const isAsked = place.first <= own && own < place.stop && !place.isWhole;
    if (!place.labels.tagged && !place.isWhole && !isAsked) store.select({ word: own, why: null, rather: null, edit: null });
    else if (entity && !isAsked) store.select({ word: own, why: null, rather: null, edit: null });
    else store.select({ edit: { at: own, by: '' } });
  }

  // The largest type in which all of it is seen; what then stands over its neighbour is left out.
  function fit() {
    size();
    part(words, '.lb', '.sel > .lb');
    part(words, 'em', '.flip em');
  }

  function size() {
    if (window.matchMedia('(max-width: 900px)').matches) return words.style.setProperty('--fs', `${SIZES.phone}px`);
    const most = store.selection.present ? SIZES.present : window.innerWidth > 1700 ? SIZES.wide : SIZES.most;
    for (let size = most; size >= SIZES.least; size -= 2) {
      words.style.setProperty('--fs', `${size}px`);
      if (body.scrollHeight <= body.clientHeight) break;
    }
  }

  return {
    fit,
    update(changed) {
      if (!changed || ['labels', 'word', 'reasons', 'how', 'per', 'edit', 'variant', 'theme', 'head'].some((key) => changed.has(key))) draw();
    },
  };
}
