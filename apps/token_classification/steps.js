// From sentence to sentence: each opens at its least certain entity, too.

import { h, put } from '../page/dom.js';
import { placeOf } from './place.js';

export function createSteps(page, box) {
  const { store } = page;

  function open(labels, to) {
    const [first, stop] = labels.sentences[to];
    const own = labels.entities.filter((entity) => first <= entity.first && entity.first < stop).sort((a, b) => a.margin - b.margin);
    store.select({ word: own[0]?.first ?? first, why: null, rather: null, edit: null });
  }

  return {
    update(changed) {
      if (changed && !changed.has('labels') && !changed.has('word')) return;
      const { labels, sentence } = placeOf(store);
      const at = labels.sentences.findIndex(([first]) => first === sentence[0]);
      const go = (to, label, sign) => h('button', { type: 'button', class: 'icon', 'aria-label': label, title: label, disabled: !labels.sentences[to], onclick: () => open(labels, to) }, sign);
      box.hidden = labels.sentences.length < 2;
      put(box, go(at - 1, 'Sentence before', '‹'), h('span', { class: 'm' }, `sentence ${at + 1} of ${labels.sentences.length}`), go(at + 1, 'Next sentence', '›'));
    },
  };
}
