// The drawing "text": the text itself, coloured by what the chosen row gives, and by who looks at the chosen key.

import { h, put } from '../../page/dom.js';
import { directionOf } from '../../page/words.js';
import { piecesOf } from '../../page/draw/words.js';
import { SINK } from '../../page/selection.js';
import { nameOf } from './name.js';

const [LARGEST, SMALLEST] = [46, 22];
const MOST_FITTED = 400; // units; longer texts are of the smallest size, and scroll
const SINK_NAME = 'the learned sink';
const PRINTED = 0.045; // share of the scale from which the number is printed below a token

export function createText(choose) {
  const [rowSaid, keySaid] = [h('h3'), h('h3')];
  const [rowBox, keyBox] = [block((index) => choose(index === SINK ? { key: SINK } : { query: index, key: null })), block((index) => choose({ key: index }))];
  const box = h('div', { class: 'textual' }, rowSaid, rowBox, keySaid, keyBox);

  function block(pick) {
    return h('div', {
      class: 'words',
      onclick: (event) => {
        const button = event.target.closest('button');
        if (button) pick(button.dataset.index === SINK ? SINK : Number(button.dataset.index));
      },
    });
  }

  function draw(scene) {
    const { query, key, row, column, units } = scene;
    put(rowSaid, `Where ${units.unit === 'words' ? 'word' : 'position'} ${query}, `, nameOf(scene, query), ', looks');
    rowBox.dir = keyBox.dir = directionOf(scene.run.text);
    put(rowBox, words(scene, row, query), scene.tile.sinks ? sink(scene, row) : null);
    const isSink = scene.isSink && column !== null;
    keySaid.hidden = keyBox.hidden = key === null && !isSink;
    if (isSink) put(keySaid, 'What each ', units.unit === 'words' ? 'word' : 'position', ' leaves to ', h('b', {}, SINK_NAME));
    else if (key !== null) put(keySaid, 'Who looks at ', units.unit === 'words' ? 'word' : 'position', ` ${key}, `, nameOf(scene, key));
    put(keyBox, keyBox.hidden ? null : words(scene, column, key));
    fit(scene);
  }

  function words(scene, line, chosen) {
    const { units, run } = scene;
    const pieces = units.unit === 'words' ? null : piecesOf(run);
    return units.labels.map(({ from, to, text: whole }) => h('span', { class: 'word', dir: directionOf(whole) }, Array.from({ length: to - from }, (_, at) => {
      const index = from + at;
      const text = pieces ? pieces[index].text : units.name(index);
      return token(scene, line, index, text, index === chosen);
    })));
  }

  // Beside the tokens, because it is none.
  function sink(scene, row) {
    const line = row && { values: [row.sink], reasons: [0] };
    const button = token(scene, line, 0, SINK_NAME, scene.isSink);
    button.dataset.index = SINK;
    return h('span', { class: 'word sink', dir: 'ltr' }, button);
  }

  function token({ scale, table, format, tell }, line, index, text, isChosen) {
    const value = line && !line.reasons[index] ? line.values[index] : NaN;
    const isShown = !Number.isNaN(value);
    const step = isShown ? scale.step(value) : 0;
    const number = text && isShown && Math.abs(value) >= PRINTED * scale.high ? h('em', {}, format(value)) : null;
    return h('button', {
      type: 'button', 'data-index': index, class: [isChosen && 'chosen', !text && 'rest'].filter(Boolean).join(' ') || null, title: isShown ? tell(value) : null,
      style: isShown ? { background: table.css[step], color: table.ink[step] } : {},
    }, text, number);
  }

  // The largest type that fits.
  function fit({ units, phone }) {
    if (phone) return box.style.removeProperty('--type');
    let size = units.size > MOST_FITTED ? SMALLEST + 2 : LARGEST;
    do {
      size -= 2;
      box.style.setProperty('--type', `${size}px`);
    } while (size > SMALLEST && box.scrollHeight > box.clientHeight);
    return size;
  }

  return { box, draw };
}
