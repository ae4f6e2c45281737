// The parts beside the map: stage buttons, sliders, legend and the list of strongest keys.

// A group of radio buttons drawn as segments: arrows, focus and names come with the browser.
function createSegments(box, name, options, pick) {
  const inputs = options.map(({ value, label, help }) => {
    const segment = child(box, 'label', 'segment');
    segment.title = help;
    const input = child(segment, 'input');
    Object.assign(input, { type: 'radio', name, value });
    child(segment, 'span', '', label);
    input.addEventListener('change', (event) => pick(value, event.timeStamp));
    return input;
  });
  return (value) => {
    for (const input of inputs) input.checked = input.value === value;
  };
}

function createSlider(input, output, pick) {
  input.addEventListener('input', (event) => pick(Number(input.value), event.timeStamp));
  return (value, count) => {
    input.max = count - 1;
    input.value = value;
    input.disabled = count < 2;
    output.textContent = `${value} of 0–${count - 1}`;
  };
}

const BAR = 224; // width of the colour bar

function drawLegend(parts, stage, scale, table, ratio) {
  paintScale(parts.bar, BAR, 10, table, ratio);
  parts.unit.textContent = stage.unit + (stage.power === 0.5 ? ', √ colour scale' : '');
  parts.ticks.replaceChildren();
  for (const { value, at } of scale.ticks) {
    child(parts.ticks, 'span', '', tickNumber(value)).style.left = `${100 * at}%`;
  }
}

function tickNumber(value) {
  if (value === 0) return '0';
  return String(Number(value.toPrecision(2))).replace('-', '−');
}

// One swatch per reason that hides a cell of this head.
function drawReasons(box, stage, tile, settings, palette, ratio) {
  box.replaceChildren();
  if (!stage.masked) {
    if (tile.present.length > 1) child(box, 'span', 'reason', 'faded: the mask will hide it');
    return;
  }
  settings.reasons.forEach((reason, code) => {
    if (code === 0 || !tile.present[code]) return;
    const item = child(box, 'span', 'reason');
    const swatch = child(item, 'canvas', 'swatch');
    swatch.width = swatch.height = Math.round(14 * ratio);
    paintHatch(swatch.getContext('2d'), swatch.width, swatch.height, palette.hatches()[code]);
    child(item, 'span', '', reason.label);
  });
}

// The strongest cells as bars. `entries` = [{query, key, value, text}].
function drawRanked(parts, title, entries, pick) {
  writeSentence(parts.title, title);
  const most = Math.max(...entries.map(({ value }) => Math.abs(value)), 0);
  const rows = entries.map((entry) => {
    const item = document.createElement('li');
    const button = child(item, 'button');
    button.type = 'button';
    writeSentence(child(button, 'span', 'who'), entry.text);
    child(child(button, 'span', 'track'), 'span', 'fill').style.width =
      `${most ? (100 * Math.abs(entry.value)) / most : 0}%`;
    child(button, 'span', 'number', shortNumber(entry.value));
    button.addEventListener('click', () => pick(entry));
    return item;
  });
  parts.list.replaceChildren(...rows);
}
