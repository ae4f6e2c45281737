// The middle's main state: the attention of the chosen head as map, lines or text, for one head, several, or pinned ones
// side by side.

import { put } from '../../page/dom.js';
import { anyOf, placeOf } from '../place.js';
import { createControls } from './controls.js';
import { createLegend } from './legend.js';
import { createLoader, createPrefetch } from './loading.js';
import { MORPH } from './picture.js';
import { createUnits } from './scene.js';
import { createStage } from './stage.js';
import { createTitle } from './title.js';
import { createTooltip } from './tooltip.js';
import { detailOf, linesOf, needsDetail, neighboursOf, overviewOf, wantedOf } from './wanted.js';

export const attention = { name: 'attention', title: 'Attention', create: createMap };

// Keys of the state after which other maps are read, and after which the same ones are drawn anew.
const READ = ['run', 'pair', 'head', 'stage', 'side', 'over', 'chosen', 'words', 'bos', 'pins', 'ab', 'textB'];
const DRAWN = ['query', 'key', 'theme', 'size', 'drawing', 'fit', 'log', 'off', 'random', 'scored', 'swept', 'sweep'];

function createMap(page, box) {
  const { store } = page;
  const [title, controls, legend, tooltip] = [createTitle(page), createControls(page), createLegend(), createTooltip()];
  const stage = createStage(page, { tooltip, legend, more });
  put(box, title.box, controls.box, stage.box, legend.box, tooltip.box);

  const unitsOf = createUnits();
  const prefetch = createPrefetch();
  const fail = (error) => stage.say(error.message);
  const readMap = createLoader((tiles, wanted, morph, keepView) => {
    // What was to be refined is not on screen any more.
    for (const read of [readLines, readDetail]) read.nothing();
    stage.show({ ...wanted, tiles, parts: { tile: tiles.tile } }, morph, keepView);
    prefetch(tiles.tile, () => neighboursOf(store, wanted));
  }, fail, overviewOf);
  const [readLines, readDetail] = [createLoader(refine, fail), createLoader(refine, fail)];

  function refine(parts, shown) {
    stage.show({ ...shown, parts: { ...shown.parts, ...parts } }, 0, true);
  }

  // A pooled map needs the exact row and column that are chosen, and the finer numbers of what is zoomed into.
  function more(shown, scene, cells, isZoomed) {
    const { tile, detail } = shown.parts;
    if (tile.pool === 1) return;
    const lines = linesOf(shown, scene, store.selection.drawing === 'text');
    if (lines) readLines(lines, shown);
    else if (isZoomed && needsDetail(cells.view, (detail && cells.isCovered(detail) ? detail : tile).pool)) readDetail(detailOf(shown, cells.view), shown);
  }

  // A head that is off attends as before, and writes nothing: its change is in the contribution.
  let isStageOurs = false;
  function followOff(changed) {
    if (!store.data.pair || !anyOf(changed, 'off', 'head', 'pair', 'side')) return;
    const { off, stage: now, side } = store.selection;
    const isOff = off.includes(placeOf(store).name) && side === 'difference';
    if (isOff && now === 'attn_probs') {
      isStageOurs = true;
      store.select({ stage: 'contribution' });
    } else if (!isOff && isStageOurs) {
      isStageOurs = false;
      if (now === 'contribution') store.select({ stage: 'attn_probs' });
    }
  }

  function morphOf(changed) {
    if (changed === null || anyOf(changed, 'run', 'head', 'words')) return 0;
    if (changed.has('stage')) return MORPH.stage;
    return anyOf(changed, 'pair', 'side') ? MORPH.change : 0;
  }

  return {
    update(changed) {
      if (!store.data.run) return;
      followOff(changed);
      if (!anyOf(changed, ...READ, ...DRAWN)) return;
      title.update();
      controls.update(changed);
      if (!anyOf(changed, ...READ)) {
        stage.redraw();
        return;
      }
      const { addresses, ...wanted } = wantedOf(store, unitsOf);
      // Zoomed into a part, another head is seen at the same part.
      readMap(addresses, wanted, morphOf(changed), !anyOf(changed, 'run', 'words'));
    },
  };
}
