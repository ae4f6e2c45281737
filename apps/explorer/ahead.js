// What the page draws first of a run comes along with it, where the run is short: its map and its thumbnails.

import { bytesOf } from '../page/draw/colour.js';
import { decodeThumbnails, decodeTile, thumbnailAddress } from '../page/draw/tiles.js';
import { addressOf } from './map/asked.js';
import { library } from './place.js';

// What to send along: the map as it will be asked for, unless it is not the plain one of a head; null for nothing.
export function aheadOf({ look, over, words, bos, stage, head }) {
  const isPlain = look === 'attention' && !over && !words && bos === 'shown';
  return isPlain ? { stage, ...(head ? { head } : {}) } : null;
}

// Puts what came where it will be looked for.
export function keepAhead(run, ahead) {
  if (ahead?.map) keepMap(run, ahead.map);
  if (ahead?.thumbnails) {
    const { shape, body } = ahead.thumbnails;
    const headers = new Headers({ 'X-Shape': shape.join() });
    library.keep(thumbnailAddress(run.id, 'attn_probs'), decodeThumbnails(bytesOf(body).buffer, headers));
  }
}

function keepMap({ id, tokens: { length } }, { body, ...choice }) {
  const all = [0, length];
  const headers = new Headers({ 'X-Shape': `${length},${length}`, 'X-Rows': `0:${length}`, 'X-Keys': `0:${length}`, 'X-Pool': '1' });
  library.keep(addressOf({ run: id, ...choice }, all, all), decodeTile(bytesOf(body).buffer, headers));
}
