// Presenting: no chrome, large type, the arrows step through the heads. Beside the map: the head, its sentence, the next
// token, and one button.

import { h, put } from './dom.js';
import { expectedToken, probabilityWords, rowsOf } from './forecast.js';

const HINTS = [['←', '→', 'head'], ['↑', '↓', 'layer'], ['Esc', 'leave']];

// What a mode publishes to be told, as `story` of the data: {who: [node, ...] or words, sentence: [[text, is strong], ...],
// actions: [{label, act}]}.
export function createPresentation(page) {
  const { store } = page;
  const box = h('section', { id: 'story', 'aria-label': 'What this head does' });
  const leave = () => store.select({ present: false });

  function bar({ token, now, was }) {
    const fill = (kind, value) => h('i', { class: kind, style: { width: `${100 * value}%` } });
    return h('div', { class: 'pf' }, expectedToken(store.data.run, token),
      h('span', { class: 'bb', 'aria-hidden': 'true' }, was === null ? null : fill('was', was), fill('now', now)), h('b', { class: 'n' }, probabilityWords(now)));
  }

  function draw() {
    const { run, pair, story } = store.data;
    if (!run) return;
    put(box,
      h('div', { class: 'who' }, story?.who ?? store.selection.head ?? run.opening?.head ?? ''),
      h('p', { class: 'line' }, (story?.sentence ?? []).map(([text, isStrong]) => h(isStrong ? 'b' : 'span', {}, text))),
      rowsOf(run, pair).slice(0, 4).map(bar),
      h('div', { class: 'act' }, (story?.actions ?? []).map(({ label, act }, at) => h('button', { type: 'button', class: at ? 'btn' : 'btn pri', onclick: act }, label))),
      h('div', { class: 'esc' }, HINTS.map((hint) => h('span', {}, hint.slice(0, -1).map((key) => h('kbd', {}, key)), ` ${hint.at(-1)}`))),
      h('button', { type: 'button', class: 'btn leave', onclick: leave }, 'Leave'));
  }

  return {
    box, leave,
    update(changed) {
      box.hidden = !store.selection.present;
      if (!box.hidden && ['present', 'run', 'pair', 'story', 'head'].some((key) => changed.has(key))) draw();
    },
  };
}
