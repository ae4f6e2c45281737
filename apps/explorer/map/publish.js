// What the map tells the other parts: the row that it shows (`data.row`) and where it lies (`data.mapBox`).

import { addressOf, exactLine, strongestOf } from './asked.js';
import { createLoader } from './loading.js';

export function createPublisher(page) {
  const { store } = page;
  const want = createLoader(({ row }, scene) => tell(scene, exactLine(row, 'row', scene.place.query)), () => {});

  // After what is going on: other parts are still being told of the change that led here.
  const publish = (patch) => queueMicrotask(() => store.publish(patch));

  function tell(scene, line) {
    if (!line) return;
    const { place, asked, scale, table, run } = scene;
    const { values, reasons } = line;
    const colours = Array.from(values, (value, at) => (Number.isNaN(value) || reasons[at] ? null : table.css[scale.step(value)]));
    publish({
      row: {
        run: run.id, name: place.name, query: place.query, stage: asked.stage, side: asked.side,
        values, reasons, colours, strongest: strongestOf(line, asked.difference),
      },
    });
  }

  function publishBox(scene, cells) {
    const square = cells?.square;
    const isWhole = cells && cells.view.size === scene.units.size;
    const box = square ? {
      left: square.left, top: square.top, side: square.side, cell: square.cell,
      causal: Boolean(scene.causal && isWhole), tokens: scene.run.tokens.length,
    } : null;
    if (JSON.stringify(box) !== JSON.stringify(store.data.mapBox ?? null)) publish({ mapBox: box });
  }

  let last = null; // what the published row depends on
  return {
    // The row between tokens, <bos> shown, whatever the map is between; `cells` where the map is drawn, else null.
    publish(scene, cells) {
      publishBox(scene, cells);
      const { asked, place, units, table, scale } = scene;
      const plain = units.unit !== 'words' && !asked.bos;
      const own = [place.query, asked, table, scale.high, scale.kind, scene.tile];
      if (last && own.every((part, at) => part === last[at]) && store.data.row) return;
      if (plain && !scene.row) return; // it comes
      last = own;
      if (plain) tell(scene, scene.row);
      else want({ row: addressOf({ ...asked, unit: '', bos: '' }, [place.query, place.query + 1], [0, scene.run.tokens.length]) }, scene);
    },
  };
}
