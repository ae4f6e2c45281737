// The map, its legend, its controls and the thumbnails, drawn from the state.

const WIDE = 860; // from this width on the thumbnails stand beside the map; view.css knows it too
const SIDE_WIDTH = 384;

// Fits the map to the room there is and reads the colours of the theme.
function measure() {
  const width = root.clientWidth;
  if (!now.run || !width) return;
  now.style = readStyle(root, settings, palette.theme());
  const wide = width >= WIDE;
  const room = wide ? width - SIDE_WIDTH : width;
  const height = wide ? Math.max(420, Math.min(760, window.innerHeight - 220)) : 760;
  const context = $('.cells').getContext('2d');
  context.font = `${LABEL}px ${now.style.font}`;
  const step = labelStep({ side: Math.min(room, height) - 90 }, { size: length() });
  const labelRoom = widestLabel(context, now.run.tokens, step, 34, wide ? 92 : 58);
  const ratio = Math.min(3, window.devicePixelRatio || 1);
  now.layout = createLayout({ width: room, height, tokens: length(), labelRoom, ratio });
  $('.hero').style.width = wide ? `${Math.max(now.layout.total, 460)}px` : '';
}

function drawAll() {
  if (!now.layout || !now.tile) return;
  drawMap();
  const legend = { bar: $('.colours'), unit: $('.unit'), ticks: $('.ticks') };
  drawLegend(legend, stage(), now.scale, table(), now.layout.ratio);
  drawReasons($('.reasons'), stage(), now.tile, settings, palette, now.layout.ratio);
  strip.forget();
  drawFocus();
}

function drawMap() {
  const { layout, view, style, run, detail, tile, scale } = now;
  const context = sized($('.cells'), layout.total, layout.total, layout.ratio);
  drawAxes(context, layout, view, run.tokens, style);
  const source = detail && covers(detail, view) ? detail : tile;
  const { start, device } = layout;
  now.pool = source.pool;
  now.theme = palette.theme();
  paintCells(context, start, start, device, source, view, scale, table(), palette.hatches());
  $('.whole').disabled = $('.out').disabled = view.size === length();
  $('.in').disabled = view.size === clampedView({ ...view, size: 1 }, length()).size;
}

function showControls() {
  const { run, choice, words } = now;
  const layer = run.layers[choice.layer];
  showStage(choice.stage);
  showLayer(choice.layer, run.layers.length);
  showHead(choice.head, run.heads);
  grid.mark(choice);
  const cap = layer.softcap ? ` (c = ${layer.softcap})` : ' (no softcap)';
  const { formula, high } = stage();
  $('.formula').textContent = formula + (formula.includes('tanh') ? cap : '');
  $('.badge').textContent = kindLabel(layer);
  $('.badge').style.setProperty('--kind', settings.colours[palette.theme()].kinds[layer.kind]);
  $('.sharing').textContent = words.sharing(choice.head);
  $('.fit').hidden = high === null;
}

let drawnGrid = '';

function drawThumbnails() {
  if (!now.layout) return;
  const wanted = stage();
  const drawing = [now.run.id, wanted.name, palette.theme(), $('.grid').clientWidth].join(' ');
  if (drawing === drawnGrid) return;
  drawnGrid = drawing;
  loadThumbnails(wanted).then(({ pictures, shown }) => {
    if (drawing !== drawnGrid) return;
    grid.draw(now.run, pictures && { ...pictures, table: palette.table(shown) }, now.style);
    grid.mark(now.choice);
    $('.grid-note').textContent = shown === wanted ? '' : pictures
      ? `thumbnails of ${shown.label.toLowerCase()}: the text is too long for those of this stage`
      : 'no thumbnails: the text is too long for them';
  });
}

// Long texts have thumbnails of the probabilities at most.
async function loadThumbnails(wanted) {
  for (const shown of [wanted, stageOf[settings.start]]) {
    const address = thumbnailAddress(now.run.id, shown.name);
    // A run that is lost says so where its map is asked for.
    const pictures = await library.load(address, decodeThumbnails).catch(() => null);
    if (pictures?.pixels.length) return { pictures, shown };
  }
  return { pictures: null, shown: null };
}
