// The mask lab: what is shown, what is pointed at, and the words for it.

const root = element.querySelector('.mask-lab');
const $ = (selector) => root.querySelector(selector);
const palette = createPalette(props.settings);
const map = $('.map');
let mask = null;
let layout = null;
let pointed = null; // the cell under the pointer
let pinned = null; // the cell that was clicked

const focus = () => pointed ?? pinned;

function show() {
  const value = props.value || {};
  $('.problem').textContent = value.problem ?? '';
  if (value.reasons === undefined) return;
  mask = decodeMask(value);
  pointed = null;
  if (pinned && !has(pinned)) pinned = null;
  root.dataset.state = 'ready';
  draw();
}

const has = ({ query, key }) => query >= mask.row && query < mask.stop && key >= mask.key && key < mask.key + mask.width;

function draw() {
  if (!mask || !root.clientWidth) return;
  const style = readStyle(root, props.settings, palette.theme());
  const kind = mask.layers[mask.layer];
  root.style.setProperty('--kind', style.kinds[kind]);
  $('.badge').textContent = `layer ${mask.layer} · ${kind}${mask.window ? ` · window ${mask.window}` : ''}`;
  const { at, of, label } = mask.pass;
  $('.pass').textContent = of === 1 ? label : `pass ${at + 1} of ${of}: ${label}`;
  $('.summary').textContent = mask.summary.replace(/^Layer.*?\): /, '');
  drawRemarks();
  layout = drawMap(map, mask, $('.main').clientWidth, palette, style, focus());
  // Where the cells are, for whoever drives the page from outside.
  root.lab = { ...layout, row: mask.row, key: mask.key };
  map.setAttribute('aria-label', `${mask.summary} Arrow keys move through the cells.`);
  writeSentence($('.readout'), sentence());
  drawLegend(style);
  drawReach(style);
  drawCaches(style);
}

function drawRemarks() {
  $('.remarks').replaceChildren();
  for (const { text, hint } of mask.remarks) {
    if (text) child($('.remarks'), 'span', 'modified', text);
    child($('.remarks'), 'span', '', hint);
  }
}

const quoted = (at) => (mask.labels[at] ? `${at} "${island(mask.labels[at])}"` : `${at}`);

function sentence() {
  const cell = focus();
  if (!cell) return 'Point at a cell, or walk with the arrow keys, to read why it is visible or hidden.';
  const { query, key } = cell;
  const code = cellOfMask(mask, query, key);
  const why = mask.why[[code, query - key, key < mask.stop ? 1 : 0].join(',')];
  return `query ${quoted(query)} ${code ? 'cannot see' : 'sees'} key ${quoted(key)}: ${why}`;
}

function drawLegend(style) {
  const counts = mask.codes.reduce((sums, code) => { sums[code] = (sums[code] ?? 0) + 1; return sums; }, {});
  $('.legend').replaceChildren(...props.settings.reasons.flatMap((reason, code) => {
    if (!counts[code]) return [];
    const entry = document.createElement('span');
    const swatch = child(entry, 'canvas');
    const context = sized(swatch, 24, 16, window.devicePixelRatio || 1);
    context.fillStyle = patterns(context, palette.hatches(), style.kinds[mask.layers[mask.layer]])[code];
    context.fillRect(0, 0, 24, 16);
    child(entry, 'b', '', code ? `hidden: ${reason.label}` : 'visible');
    child(entry, 'i', '', `${counts[code]} cells`);
    return [entry];
  }));
}

function drawReach(style) {
  const query = focus()?.query ?? mask.stop - 1;
  const rows = reachRows(mask, query, style);
  $('.reach-title').textContent = `How far information reaches query ${query}`;
  const whole = rows.findIndex((row) => row.count === rows.at(-1).count);
  $('.reach-note').textContent = `Keys whose information can be in the query after each layer, straight or through `
    + `other tokens: ${rows[1].count} after layer 0, ${rows.at(-1).count} ${whole ? `from layer ${whole - 1} on` : 'throughout'}.`;
  drawRows($('.reach'), rows, $('.side').clientWidth, style, palette.hatches()[2]);
  $('.reach').setAttribute('aria-label', rows.map((row) => `${row.name}: ${row.count} keys`).join(', '));
}

function drawCaches(style) {
  $('.caches').replaceChildren();
  for (const cache of mask.caches) {
    child($('.caches'), 'h4', '', `Cache of a ${cache.kind} layer after each pass`);
    const rows = cacheRows(cache, mask, style);
    const canvas = child(child($('.caches'), 'div', 'scroll'), 'canvas', 'cache');
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', rows.map((row) => `${row.name}: ${row.count} keys held`).join(', '));
    drawRows(canvas, rows, $('.side').clientWidth, style, palette.hatches()[2]);
  }
  if (!mask.caches.length) return;
  const columns = mask.caches[0].static ? 'slots, with the position in each; hatched ones are empty' : 'positions';
  child($('.caches'), 'p', 'cache-note', `Columns are ${columns}. Strong: written in this pass; pale: kept from before; `
    + 'the number is how many keys are held.');
}

function point(cell) {
  if (cell?.query === pointed?.query && cell?.key === pointed?.key) return;
  pointed = cell;
  draw();
}

const under = (event) => (mask ? maskCellAt(mask, layout, event.offsetX, event.offsetY) : null);
map.addEventListener('pointermove', (event) => point(under(event)));
map.addEventListener('pointerleave', () => point(null));
map.addEventListener('click', (event) => { pinned = under(event); pointed = null; draw(); });

const STEPS_OF = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
map.addEventListener('keydown', (event) => {
  const step = STEPS_OF[event.key];
  if (event.key === 'Escape') pinned = pointed = null;
  else if (step && mask) {
    const from = focus() ?? { query: mask.stop - 1, key: mask.key };
    const to = { query: from.query + step[0], key: from.key + step[1] };
    pointed = null;
    pinned = has(to) ? to : from;
  } else return;
  event.preventDefault();
  draw();
});

watch('value', show);
watchPage(root, draw);
show();
