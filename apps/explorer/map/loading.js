// Tiles from the server: the last wish wins, what is kept is shown at once, and neighbours are fetched ahead.

import { decodeTile } from '../../page/draw/tiles.js';
import { library } from '../place.js';

const PREFETCH_BYTES = 1.5e6; // neighbours of larger maps are not worth what they cost others
const PAUSE = 120; // ms

// want({name: address}) -> show({name: tile}), at once where all are kept.
export function createLoader(show, fail) {
  let call = null;
  return function want(addresses, ...rest) {
    call?.abort();
    const own = new AbortController();
    call = own;
    const names = Object.keys(addresses);
    const done = (tiles) => show(Object.fromEntries(names.map((name, at) => [name, tiles[at]])), ...rest);
    const kept = names.map((name) => library.recall(addresses[name]));
    if (kept.every(Boolean)) return done(kept);
    const loads = names.map((name) => library.load(addresses[name], decodeTile, own.signal));
    return Promise.all(loads).then(
      (tiles) => own === call && done(tiles), (error) => own === call && error.name !== 'AbortError' && fail(error),
    );
  };
}

const idle = window.requestIdleCallback ?? ((then) => setTimeout(then, 50));

// Fetches maps that may be wanted next, when nothing else is to do.
export function createPrefetch() {
  let timer = 0;
  return function prefetch(tile, addresses) {
    clearTimeout(timer);
    if (tile.bytes > PREFETCH_BYTES) return;
    timer = setTimeout(() => idle(() => addresses().forEach((address) => {
      // One that does not come is asked for again when it is wanted.
      library.load(address, decodeTile).catch(() => {});
    })), PAUSE);
  };
}
