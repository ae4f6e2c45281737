// The examples of a head: pieces of text, coloured by what the query gives, each of which opens as the current text.

import { latest } from '../../page/ask.js';
import { h, put } from '../../page/dom.js';
import { shortText, valueText } from '../../page/draw/format.js';
import { directionOf, isMark, lettersOf } from '../../page/words.js';
import { placeOf } from '../place.js';
import { openExample, originOf } from './opening.js';
import { pieceOf, wordIn } from './pieces.js';

const MOST = 10; // letters of a word on either side

// A token in its word, as the inspector shows it; what is no word stands in a box.
function wordAt(example, at) {
  const { before, text, after } = wordIn(example, at);
  const isWord = /[\p{L}\p{N}]/u.test(text);
  return h('bdi', { class: 'word' }, before ? h('span', { class: 'm' }, before.length > MOST ? `…${before.slice(2 - MOST)}` : before) : null, h('b', { class: isWord ? null : 'pt' }, lettersOf(text)), after ? h('span', { class: 'm' }, after.length > MOST ? `${after.slice(0, MOST - 2)}…` : after) : null);
}

// On a phone so many are shown before all are asked for.
const [PHONE, FIRST] = [900, 6];
const WORDS = { top: 'strongest', bottom: 'weakest', sample: 'of a sample' };

export function createExamples(page, box, thumbnails) {
  const { store } = page;
  const questions = latest();
  let shown = []; // [{example, texts: [{element, piece}]}]

  // A token; the query and the most attended key are marked as in the strip.
  function token(example, piece, at) {
    const marks = [at === example.query && 'q', at === example.key && 'k', isMark(piece.text) && 'mark'].filter(Boolean).join(' ');
    const title = `${at}: ${piece.title}${piece.p === null ? '' : `, ${valueText(piece.p)}`}${at === example.query ? ', the query' : ''}`;
    return h(at === example.query || at === example.key ? 'mark' : 'span', { class: marks || null, title }, lettersOf(piece.text));
  }

  function line(example) {
    const texts = [];
    const parts = example.parts.map(({ from, pieces }, number) => [
      number || from > 0 ? h('span', { class: 'gap' }, number ? ' … ' : '… ') : null,
      pieces.map((piece, at) => {
        const element = token(example, piece, from + at);
        texts.push({ element, piece, isQuery: from + at === example.query });
        return [at && !piece.joins ? ' ' : null, element];
      }),
    ]);
    const last = example.parts.at(-1);
    const goesOn = last.from + last.pieces.length < example.tokens;
    const words = last.pieces.map(({ text }) => text).join(' ');
    return { texts, element: h('p', { class: 'tokens', dir: directionOf(words) }, parts, goesOn ? h('span', { class: 'gap' }, ' …') : null) };
  }

  // "green looks 5 tokens back at red, 0.98"
  function told(example) {
    const [query, key] = [example.query, example.key].map((at) => wordAt(example, at));
    const steps = example.query - example.key;
    const where = steps === 0 ? 'itself' : [`${Math.abs(steps)} token${Math.abs(steps) === 1 ? '' : 's'} ${steps > 0 ? 'back' : 'ahead'} at `, key];
    const most = pieceOf(example, example.key)?.p ?? null;
    return [query, steps === 0 ? ' looks at ' : ' looks ', where, most === null ? null : `: ${valueText(most)}`];
  }

  function card(example, at, statistic) {
    const { texts, element } = line(example);
    const { name } = placeOf(store);
    const { short: said } = originOf(example);
    const open = h('button', {
      type: 'button', class: 'btn sm', 'aria-label': `Open example ${at + 1}, ${statistic} ${shortText(example.value)}, ${said}`,
      title: `Open it as the current text, at ${name}, query ${example.query}, key ${example.key}`, onclick: () => openExample(page, name, example),
    }, 'Open');
    shown.push({ example, texts });
    return h('li', {}, h('div', { class: 'what' }, h('b', { class: 'number' }, shortText(example.value)), h('span', { class: 'does' }, told(example)), h('span', { class: 'm from', title: said }, said), open), element);
  }

  function colour() {
    for (const { texts } of shown) {
      for (const { element, piece, isQuery } of texts) {
        Object.assign(element.style, { background: '', color: '' }, isQuery ? {} : thumbnails.shade(piece.p));
      }
    }
  }

  function show(examples, count, label, statistic) {
    shown = [];
    const more = () => show(examples, examples.length, label, statistic);
    put(
      box, h('ol', { 'aria-label': label }, examples.slice(0, count).map((example, at) => card(example, at, statistic))),
      count < examples.length ? h('button', { type: 'button', class: 'btn more', onclick: more }, `All ${examples.length} examples`) : null,
      examples.length ? null : h('p', { class: 'none' }, `No query of these texts has ${statistic}.`),
    );
    box.scrollTop = 0;
    colour();
  }

  async function read(question, statistic) {
    box.classList.add('stale');
    try {
      const examples = await questions.ask('examples', question);
      const label = `Examples, ${WORDS[question.side]} by ${statistic}`;
      show(examples, window.innerWidth <= PHONE && examples.length > FIRST ? FIRST : examples.length, label, statistic);
    } catch (error) {
      if (error.name !== 'AbortError') put(box, h('p', { class: 'none', role: 'alert' }, error.message));
    }
    box.classList.remove('stale');
  }

  return { read, colour, say(words) { questions.cancel(); shown = []; put(box, words); } };
}
