// The mask itself: queries downward, keys to the right, keys seen per query beside it.

const LABELS = 13; // font size of labels
const COUNT = 48; // room for the number of visible keys

function decodeMask(value) {
  const [first, stop] = value.rows;
  const [keyStart, keyStop] = value.keys;
  return {
    ...value,
    row: first, height: stop - first, key: keyStart, width: keyStop - keyStart, stop,
    tokens: value.labels.length,
    codes: bytesOf(value.reasons),
    first: bytesOf(value.reach),
    named: value.labels.some((label, at) => label && !value.pads.includes(at) && at < stop),
  };
}

function cellOfMask(mask, query, key) {
  return mask.codes[(query - mask.row) * mask.width + key - mask.key];
}

function labelOf(mask, at) {
  return mask.labels[at] ? `${at} ${mask.labels[at]}` : `${at}`;
}

function mapLayout(context, mask, width) {
  context.font = `${LABELS}px ${context.family}`;
  const positions = (start, count) => Array.from({ length: count }, (_, at) => labelOf(mask, start + at));
  const widest = (labels) => Math.max(...labels.map((label) => context.measureText(label).width));
  const left = Math.min(120, Math.ceil(widest(positions(mask.row, mask.height)))) + 26;
  const room = Math.max(...positions(mask.key, mask.width).map((label) => context.measureText(label).width));
  const cell = Math.floor(Math.max(7, Math.min(44, (width - left - COUNT) / mask.width, 620 / mask.height)));
  const upright = room <= cell - 4;
  const top = 20 + (upright ? 16 : Math.min(104, Math.ceil(room) + 8));
  return { left, top, cell, upright, width: left + cell * mask.width + COUNT, height: top + cell * mask.height + 4 };
}

// Which labels fit: every one, or every second, fifth, tenth.
const stepOf = (cell, least) => [1, 2, 5, 10, 20, 50, 100].find((step) => step * cell >= least) ?? 100;

function drawMap(canvas, mask, width, palette, style, focus) {
  const probe = canvas.getContext('2d');
  probe.family = style.font;
  const layout = mapLayout(probe, mask, width);
  const context = sized(canvas, layout.width, layout.height, window.devicePixelRatio || 1);
  const fills = patterns(context, palette.hatches(), style.kinds[mask.layers[mask.layer]]);
  const gap = layout.cell > 9 ? 1 : 0;
  for (let i = 0; i < mask.height; i += 1) {
    for (let j = 0; j < mask.width; j += 1) {
      context.fillStyle = fills[mask.codes[i * mask.width + j]];
      context.fillRect(layout.left + j * layout.cell, layout.top + i * layout.cell, layout.cell - gap, layout.cell - gap);
    }
  }
  drawMapLabels(context, mask, layout, style, focus);
  if (focus) drawFocus(context, mask, layout, style, focus);
  return layout;
}

function patterns(context, hatches, visible) {
  const fills = hatches.map((tile) => {
    const swatch = document.createElement('canvas');
    swatch.width = swatch.height = HATCH;
    swatch.getContext('2d').putImageData(new ImageData(new Uint8ClampedArray(tile.buffer.slice(0)), HATCH, HATCH), 0, 0);
    return context.createPattern(swatch, 'repeat');
  });
  fills[0] = visible;
  return fills;
}

function drawMapLabels(context, mask, layout, style, focus) {
  const { left, top, cell } = layout;
  context.textBaseline = 'middle';
  const write = (at, focused) => {
    context.font = `${focused ? 700 : 400} ${LABELS}px ${style.font}`;
    context.fillStyle = focused ? style.accent : mask.pads.includes(at) ? style.muted : style.ink;
    return labelOf(mask, at);
  };
  const down = stepOf(cell, 14);
  for (let i = 0; i < mask.height; i += 1) {
    const query = mask.row + i;
    if (i % down && query !== focus?.query) continue;
    context.textAlign = 'right';
    context.fillText(write(query, query === focus?.query), left - 6, top + (i + 0.5) * cell, left - 24);
    context.textAlign = 'left';
    context.fillText(String(mask.visible[i]), left + mask.width * cell + 8, top + (i + 0.5) * cell);
  }
  const across = stepOf(cell, layout.upright ? 16 : 14);
  for (let j = 0; j < mask.width; j += 1) {
    const key = mask.key + j;
    if (j % across && key !== focus?.key) continue;
    context.save();
    context.translate(left + (j + 0.5) * cell, top - 8);
    if (!layout.upright) context.rotate(-Math.PI / 2);
    context.textAlign = layout.upright ? 'center' : 'left';
    context.fillText(write(key, key === focus?.key), 0, 0, layout.upright ? cell : top - 24);
    context.restore();
  }
  context.fillStyle = style.muted;
  context.font = `${LABELS}px ${style.font}`;
  context.textAlign = 'left';
  context.fillText('key (attended to) →', left, 8);
  context.textAlign = 'right';
  context.fillText('sees', left + mask.width * cell + 34, 8);
  if (mask.height * cell < 120) return; // no room for the name of the other axis
  context.save();
  context.translate(8, top);
  context.rotate(-Math.PI / 2);
  context.fillText('← query (attends)', 0, 0);
  context.restore();
}

function drawFocus(context, mask, layout, style, { query, key }) {
  const { left, top, cell } = layout;
  const x = left + (key - mask.key) * cell;
  const y = top + (query - mask.row) * cell;
  context.strokeStyle = style.accent;
  context.lineWidth = 1;
  context.strokeRect(left - 1, y - 1, mask.width * cell + 1, cell + 1);
  context.strokeRect(x - 1, top - 1, cell + 1, mask.height * cell + 1);
  context.lineWidth = 3;
  context.strokeRect(x - 1, y - 1, cell + 1, cell + 1);
}

// The cell at a point of the canvas, or null beside the cells.
function maskCellAt(mask, layout, x, y) {
  const query = mask.row + Math.floor((y - layout.top) / layout.cell);
  const key = mask.key + Math.floor((x - layout.left) / layout.cell);
  const inside = query >= mask.row && query < mask.row + mask.height && key >= mask.key && key < mask.key + mask.width;
  return inside ? { query, key } : null;
}
