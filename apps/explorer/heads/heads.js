// The heads column: all heads, ranked heads, pinned heads; and the claim about the head on screen.

import { h, put } from '../../page/dom.js';
import { anyOf } from '../place.js';
import { layerLegend } from './badges.js';
import { createClaim } from './claim.js';
import { createGrid, isLarge } from './grid.js';
import { createList } from './list.js';
import { createPins } from './pins.js';
import { createRanking } from './ranking.js';
import { createSearch } from './search.js';
import { createThumbnails } from './thumbnails.js';

export function createHeads(page, box) {
  const { store } = page;
  const thumbnails = createThumbnails(page);
  const [size, kinds] = [h('span', { class: 'm' }), h('span', { class: 'kinds' })];
  const parts = [
    createSearch(page), createGrid(page, thumbnails), createRanking(page), createList(page, thumbnails), createPins(page, thumbnails),
  ];
  const claim = createClaim(page);
  put(box, h('div', { class: 'hd' }, h('h2', {}, 'Heads'), size, h('span', { class: 'grow' }), kinds), parts.map((part) => part.box));
  box.classList.add('heads');

  return {
    update(changed) {
      const { run } = store.data;
      if (!run) return;
      if (anyOf(changed, 'run')) {
        put(size, isLarge(run) ? `${run.layers.length} × ${run.heads}` : '');
        put(kinds, layerLegend(run.layers, isLarge(run)));
      }
      for (const part of [...parts, claim]) part.update(changed);
    },
  };
}
