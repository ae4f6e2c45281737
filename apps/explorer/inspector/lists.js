// The lists of the inspector: five stages, the row ranked, the same cell in the other heads. Buttons are kept and
// filled anew, so that the focus stays and bars move.

import { h, put } from '../../page/dom.js';
import { SINK } from '../../page/selection.js';
import { valueText } from '../../page/draw/format.js';
import { probabilityWords } from '../../page/forecast.js';
import { wordOf } from './word.js';

// A list of buttons: (items) => fills them; `make()` gives {button, fill(item)}.
function listOf(box, make) {
  const kept = [];
  return (items) => {
    while (kept.length < items.length) {
      kept.push(make());
      box.append(kept.at(-1).button);
    }
    while (kept.length > items.length) kept.pop().button.remove();
    kept.forEach(({ fill }, at) => fill(items[at]));
  };
}

const place = (element, { left = 0, width }) => Object.assign(element.style, { left: `${left}%`, width: `${width}%` });

// Items: as `stages` of explain.js, with `on`.
export function stageList(box, choose) {
  return listOf(box, () => {
    let name;
    const [label, text, note, fill] = [h('span', { class: 'nm' }), h('span', { class: 'v' }), h('span', { class: 'd' }), h('i')];
    const bar = h('span', { class: 'sb' }, fill);
    const button = h('button', { type: 'button', class: 'st', onclick: () => choose(name) }, label, bar, text, note);
    return {
      button,
      fill(item) {
        name = item.name;
        put(label, item.label);
        put(text, item.text);
        put(note, [item.note].flat().map((part) => (part.lowered ? h('sub', {}, part.lowered) : part)));
        note.title = note.textContent;
        place(fill, item.bar ?? { width: 0 });
        bar.classList.toggle('signed', item.signed);
        button.setAttribute('aria-pressed', item.on);
        button.dataset.stage = item.name;
      },
    };
  });
}

// Items: as `ranked` of explain.js, with `run` and `on`.
export function rankedList(box, choose) {
  return listOf(box, () => {
    let key;
    const [word, prob, contribution, fill, was] = [h('span', { class: 'w' }), h('span'), h('span', { class: 'm' }), h('i'), h('u')];
    const button = h('button', { type: 'button', class: 'rr', onclick: () => choose(key) }, word, h('span', { class: 'bar' }, was, fill), prob, contribution);
    return {
      button,
      fill(item) {
        key = item.key;
        put(word, wordOf(item.run, key), key === SINK ? null : h('span', { class: 'm' }, ` ${key}`));
        put(prob, probabilityWords(item.prob));
        put(contribution, item.contribution === null ? '' : valueText(item.contribution));
        place(fill, { width: 100 * item.prob });
        was.hidden = item.was === null;
        was.style.left = `${100 * (item.was ?? 0)}%`;
        button.setAttribute('aria-pressed', item.on);
        button.dataset.key = key;
      },
    };
  });
}

// Items: {head, prob or null, colour, on, off}.
export function headList(box, choose) {
  return listOf(box, () => {
    let head;
    const [swatch, text] = [h('i'), h('span')];
    const button = h('button', { type: 'button', onclick: () => choose(head) }, swatch, text);
    return {
      button,
      fill(item) {
        head = item.head;
        swatch.style.background = item.colour;
        put(text, h('span', { class: 'm' }, `H${head} `), item.prob === null ? '–' : item.prob.toFixed(2).replace(/^0/, ''));
        button.classList.toggle('off', item.off);
        button.setAttribute('aria-pressed', item.on);
        button.dataset.head = head;
        button.title = text.textContent;
      },
    };
  });
}
