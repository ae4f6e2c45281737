// Tiles from the server: the last wish wins, what is kept is shown at once, and neighbours are fetched ahead.

import { decodeOverview, decodeTile } from '../../page/draw/tiles.js';
import { library } from '../place.js';

const FARTHEST = 8; // pool of a map up to which its neighbours are fetched: the server reads all that they pool
const PREFETCH_BYTES = 1.5e6; // neighbours of larger maps are not worth what they cost others
const PAUSE = 120; // ms

// want({name: address}) -> show({name: tile}), at once where all are kept. `early(...)` is the address of a coarser tile
// that is shown until they come, null for none. After want.nothing() what was wanted is not shown any more.
export function createLoader(show, fail, early = () => null) {
  let call = null;
  want.nothing = () => {
    call?.abort();
    call = null;
  };
  return want;

  function want(addresses, ...rest) {
    call?.abort();
    const own = new AbortController();
    call = own;
    const names = Object.keys(addresses);
    const done = (tiles) => own === call && show(Object.fromEntries(names.map((name, at) => [name, tiles[at]])), ...rest);
    const kept = names.map((name) => library.recall(addresses[name]));
    if (kept.every(Boolean)) return done(kept);
    const load = () => Promise.all(names.map((name) => library.load(addresses[name], decodeTile, own.signal)));
    const coarse = early(...rest);
    // One after the other, so that the server works at the first alone; without it, what was wanted comes all the same.
    const loads = coarse ? showEarly(coarse, own, rest).then(load) : load();
    return loads.then(done, (error) => own === call && error.name !== 'AbortError' && fail(error));
  }

  async function showEarly(address, own, rest) {
    const tile = await library.load(address, decodeOverview, own.signal).catch(() => null);
    if (own === call && tile?.values) show({ tile }, ...rest);
  }
}

const idle = window.requestIdleCallback ?? ((then) => setTimeout(then, 50));

// Fetches maps that may be wanted next when nothing else is to do, one after the other, until others may be wanted.
export function createPrefetch() {
  let timer = 0;
  let turn = 0;

  async function fetchAll(addresses, own) {
    for (const address of addresses) {
      if (own !== turn) return;
      // One that does not come is asked for again when it is wanted.
      await library.load(address, decodeTile).catch(() => {});
    }
  }

  return function prefetch(tile, addresses) {
    clearTimeout(timer);
    turn += 1;
    const own = turn;
    if (tile.bytes > PREFETCH_BYTES || tile.pool > FARTHEST) return;
    timer = setTimeout(() => idle(() => fetchAll(addresses(), own)), PAUSE);
  };
}
