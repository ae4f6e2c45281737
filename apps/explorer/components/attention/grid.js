// The grid of thumbnails: one row per layer, one column per head, as a single picture.

const GRID_HEAD = 34; // room for head numbers and key/value brackets
const GAP = 2;
const GROUP_GAP = 6;

// Room for "12 local · window 4096", whatever the font makes of it.
function layerLabelRoom(context, run) {
  return Math.ceil(52 + Math.max(...run.layers.map((layer) => context.measureText(kindLabel(layer)).width)));
}

function createGridLayout(run, width, labels) {
  const group = run.heads / run.kv_heads;
  const gaps = (run.heads - 1) * GAP + (group > 1 ? (run.kv_heads - 1) * (GROUP_GAP - GAP) : 0);
  const room = (width - labels - gaps - 4) / run.heads;
  const cell = Math.max(16, Math.min(64, Math.floor(room)));
  const left = (head) =>
    labels + head * (cell + GAP) + (group > 1 ? Math.floor(head / group) * (GROUP_GAP - GAP) : 0);
  return {
    cell, group, left, labels,
    top: (layer) => GRID_HEAD + layer * (cell + GAP),
    width: left(run.heads - 1) + cell + 4,
    height: GRID_HEAD + run.layers.length * (cell + GAP) + 2,
  };
}

// The head at a point of the grid, or null.
function headAt(layout, run, x, y) {
  const layer = Math.floor((y - GRID_HEAD) / (layout.cell + GAP));
  if (layer < 0 || layer >= run.layers.length) return null;
  for (let head = 0; head < run.heads; head += 1) {
    const start = layout.left(head);
    if (x >= start && x < start + layout.cell + GAP) return { layer, head };
  }
  return null;
}

function drawThumbs(context, layout, run, pictures, hidden, ratio) {
  const picture = document.createElement('canvas');
  picture.width = picture.height = pictures.side;
  const sketch = picture.getContext('2d');
  const image = sketch.createImageData(pictures.side, pictures.side);
  const pixels = new Uint32Array(image.data.buffer);
  // Enlarged pixels stay crisp; pixels that have to shrink are averaged instead of dropped.
  context.imageSmoothingEnabled = layout.cell * ratio < pictures.side;
  eachHead(run, (layer, head) => {
    colourThumbnail(pixels, pictures, layer * run.heads + head, hidden);
    sketch.putImageData(image, 0, 0);
    context.drawImage(picture, layout.left(head), layout.top(layer), layout.cell, layout.cell);
  });
}

// Without thumbnails the grid still chooses.
function drawBlanks(context, layout, run, style) {
  context.fillStyle = `rgb(${style.hidden.join(' ')})`;
  eachHead(run, (layer, head) => {
    context.fillRect(layout.left(head), layout.top(layer), layout.cell, layout.cell);
  });
}

function eachHead(run, then) {
  for (let layer = 0; layer < run.layers.length; layer += 1) {
    for (let head = 0; head < run.heads; head += 1) then(layer, head);
  }
}

function colourThumbnail(pixels, { pixels: steps, side, table }, index, hidden) {
  const start = index * side * side;
  for (let at = 0; at < side * side; at += 1) {
    const step = steps[start + at];
    pixels[at] = step === 0 ? hidden : table.pixels[Math.round(((step - 1) * 255) / 254)];
  }
}

function drawGridLabels(context, layout, run, style) {
  context.font = `${LABEL}px ${style.font}`;
  context.textBaseline = 'middle';
  run.layers.forEach((layer, index) => {
    const y = layout.top(index) + layout.cell / 2;
    context.textAlign = 'right';
    context.fillStyle = style.ink;
    context.fillText(String(index), 18, y);
    context.fillStyle = style.kinds[layer.kind];
    context.fillRect(26, y - 4, 8, 8);
    context.textAlign = 'left';
    context.fillStyle = style.muted;
    context.fillText(kindLabel(layer), 40, y);
  });
  drawHeadNumbers(context, layout, run, style);
}

function drawHeadNumbers(context, layout, run, style) {
  context.fillStyle = style.muted;
  context.textAlign = 'left';
  context.fillText('layer', 2, GRID_HEAD - 10);
  context.textAlign = 'right';
  context.fillText('head', layout.labels - 8, GRID_HEAD - 10);
  context.textAlign = 'center';
  context.fillStyle = style.ink;
  for (let head = 0; head < run.heads; head += 1) {
    context.fillText(String(head), layout.left(head) + layout.cell / 2, GRID_HEAD - 10);
  }
  if (layout.group > 1) drawBrackets(context, layout, run, style);
}

// Heads under one bracket read the same keys and values.
function drawBrackets(context, layout, run, style) {
  context.strokeStyle = style.muted;
  context.fillStyle = style.muted;
  context.lineWidth = 1;
  for (let shared = 0; shared < run.kv_heads; shared += 1) {
    const from = layout.left(shared * layout.group) + 1;
    const to = layout.left((shared + 1) * layout.group - 1) + layout.cell - 1;
    const text = to - from > 48 ? `key/value ${shared}` : `kv ${shared}`;
    const half = context.measureText(text).width / 2 + 3;
    const middle = (from + to) / 2;
    context.beginPath();
    context.moveTo(from, 14);
    context.lineTo(from, 8);
    context.lineTo(Math.max(from, middle - half), 8);
    context.moveTo(Math.min(to, middle + half), 8);
    context.lineTo(to, 8);
    context.lineTo(to, 14);
    context.stroke();
    if (2 * half < to - from + 6) context.fillText(text, middle, 8);
  }
}

function createGrid(elements, pick) {
  const { scroll, canvas, chosen, pointed } = elements;
  let run = null;
  let layout = null;

  function place(box, choice) {
    box.hidden = !choice;
    if (!choice) return;
    const style = { left: layout.left(choice.head), top: layout.top(choice.layer) };
    box.style.transform = `translate(${style.left}px, ${style.top}px)`;
    box.style.width = box.style.height = `${layout.cell}px`;
  }

  const under = (event) => (layout ? headAt(layout, run, event.offsetX, event.offsetY) : null);

  canvas.addEventListener('pointermove', (event) => {
    const choice = under(event);
    place(pointed, choice);
    canvas.title = choice
      ? `layer ${choice.layer}, head ${choice.head}: ${kindLabel(run.layers[choice.layer])}`
      : '';
  });
  canvas.addEventListener('pointerleave', () => place(pointed, null));
  canvas.addEventListener('click', (event) => {
    const choice = under(event);
    if (choice) pick(choice);
  });

  function draw(newRun, pictures, style) {
    run = newRun;
    const sketch = canvas.getContext('2d');
    sketch.font = `${LABEL}px ${style.font}`;
    layout = createGridLayout(run, scroll.clientWidth, layerLabelRoom(sketch, run));
    const ratio = Math.min(3, window.devicePixelRatio || 1);
    const context = sized(canvas, layout.width, layout.height, ratio);
    drawGridLabels(context, layout, run, style);
    if (pictures) drawThumbs(context, layout, run, pictures, packed(...style.hidden), ratio);
    else drawBlanks(context, layout, run, style);
  }

  function mark(choice) {
    if (!layout) return;
    place(chosen, choice);
    keepInView(choice);
  }

  // Scrolls the grid itself and never the page.
  function keepInView({ layer, head }) {
    const [x, y] = [layout.left(head), layout.top(layer)];
    if (y < scroll.scrollTop + GRID_HEAD) scroll.scrollTop = y - GRID_HEAD;
    if (y + layout.cell > scroll.scrollTop + scroll.clientHeight) {
      scroll.scrollTop = y + layout.cell + GAP - scroll.clientHeight;
    }
    if (x < scroll.scrollLeft) scroll.scrollLeft = x - GAP;
    if (x + layout.cell > scroll.scrollLeft + scroll.clientWidth) {
      scroll.scrollLeft = x + layout.cell + GAP - scroll.clientWidth;
    }
  }

  return { draw, mark };
}
