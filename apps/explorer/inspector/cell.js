// The cell that is explained, as the server tells it.

import { SINK } from '../../page/selection.js';
import { library } from '../place.js';

const address = (run, { layer, head, query, key }) => (
  new URL(`cell/${[run, layer, head, query, key].map(encodeURIComponent).join('/')}`, document.baseURI).href
);

const decode = (buffer) => ({ ...JSON.parse(new TextDecoder().decode(buffer)), bytes: buffer.byteLength });

const read = (run, place) => library.load(address(run, place), decode);

// The cell of a place; where its key follows the row, that of the key to which the row attends most.
export async function cellOf(run, place) {
  if (place.key !== null) return read(run, place);
  const any = await read(run, { ...place, key: place.query });
  const strongest = any.row.find(({ key }) => key !== SINK)?.key ?? place.query;
  return strongest === any.key ? any : read(run, { ...place, key: strongest });
}
