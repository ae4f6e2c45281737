// The row, column or cell that is looked at: marked on the map, coloured in the text, put in words.

const RANKED = 8;

// The pinned token isolates; with it pinned, the pointer reads single cells of its row or column.
function isolated() {
  return now.pinned[along()] ?? now.hover[along()];
}

// The cell under the pointer, else the one that token and pin make, else the pinned one.
function cellInFocus() {
  const query = now.hover.query ?? now.pinned.query;
  const key = now.hover.key ?? now.pinned.key;
  return query === null || key === null ? null : { query, key };
}

function drawFocus() {
  if (!now.tile || !now.layout) return;
  const start = performance.now();
  const index = isolated();
  const line = index === null ? null : lineAt(index);
  const cell = cellInFocus();
  drawOverlay(index, cell);
  paintStrip(line, index, cell);
  describe(readout(cell, line, index));
  showRanked(line, index);
  $('.unpin').hidden = now.pinned.query === null && now.pinned.key === null;
  now.times.hover = performance.now() - start;
  publish();
}

function drawOverlay(index, cell) {
  const { layout, view, run, frame, direction, style } = now;
  const canvas = $('.marks');
  const fits = canvas.width === Math.round(layout.total * layout.ratio);
  const context = fits ? canvas.getContext('2d') : sized(canvas, layout.total, layout.total, layout.ratio);
  context.clearRect(0, 0, layout.total, layout.total);
  const marks = { direction, index, frame, ...NOBODY, [along()]: index, ...cell };
  drawMarks(context, layout, view, run.tokens, marks, style);
}

function paintStrip(line, index, cell) {
  const opposite = cell ? cell[across()] : null;
  strip.paint((token) => {
    const mark = token === index ? 'isolated' : token === opposite ? 'read' : '';
    if (!line) return { step: -1, mark };
    const hidden = Number.isNaN(line.values[token]) || line.reasons[token];
    return { step: hidden ? -2 : now.scale.step(line.values[token]), mark };
  }, table());
}

// The exact row or column of a token; null while it is on its way.
function lineAt(index) {
  if (now.tile.pool === 1) return lineOf(now.tile, now.direction, index);
  const [one, all] = [[index, index + 1], [0, length()]];
  const [rows, keys] = now.direction === 'row' ? [one, all] : [all, one];
  const address = tileAddress(now.run.id, now.choice, rows, keys);
  const known = library.recall(address);
  if (known) return lineOf(known, now.direction, index);
  calls.line?.abort();
  calls.line = later(40, address, drawFocus);
  return null;
}

function readCell({ query, key }, line, index) {
  const position = { query, key };
  if (line && position[along()] === index) {
    const at = position[across()];
    return { query, key, size: 1, value: line.values[at], reason: line.reasons[at] };
  }
  const source = (now.detail && cellOf(now.detail, query, key)) ? now.detail : now.tile;
  const from = (at, start) => at - ((at - start) % source.pool);
  return {
    query: from(query, source.row), key: from(key, source.key),
    size: source.pool, ...cellOf(source, query, key),
  };
}

// Says what is in focus and returns the sentence.
function readout(cell, line, index) {
  const { words, choice } = now;
  const read = cell && readCell(cell, line, index);
  let sentence = `${capital(words.head(choice))}. Point at a cell or a token.`;
  if (read) sentence = read.size === 1 ? words.cell(stage(), read) : words.block(stage(), read);
  else if (line) sentence = lineSentence(line, index, 3);
  writeSentence($('.readout'), sentence);
  return sentence;
}

function lineSentence(line, index, count) {
  const best = strongest(line, count)
    .map(({ index: at, value }) => `${now.words.token(at)} ${shortNumber(value)}`);
  return `${now.words.line(stage(), now.direction, index)} ${best.join(', ') || 'nothing'}`;
}

function showRanked(line, index) {
  const entries = line ? lineEntries(line, index) : strongestCells();
  const title = line ? capital(now.words.line(stage(), now.direction, index)).replace(/:$/, '') : 'Strongest cells of this head';
  const parts = { title: $('.ranked-title'), list: $('.ranked ol') };
  drawRanked(parts, entries.length ? title : '', entries, pinCell);
}

function lineEntries(line, index) {
  return strongest(line, RANKED).map(({ index: at, value }) => ({
    [along()]: index, [across()]: at, value, text: now.words.bare(at),
  }));
}

// Of the whole head; a pooled one has no single cells to name.
function strongestCells() {
  const { tile, words } = now;
  if (tile.pool > 1) return [];
  tile.strongest ??= strongest(tile, RANKED);
  return tile.strongest.map(({ index, value }) => {
    const [query, key] = [Math.floor(index / tile.width), index % tile.width];
    return { query, key, value, text: `${words.bare(query)} → ${words.bare(key)}` };
  });
}

let speaking = null;

// For ears: the picture says at once what it shows, the live region only what has lasted.
function describe(sentence) {
  const head = now.words.head(now.choice);
  const label = `${stage().label}, ${head}, ${length()} tokens. ${spoken(sentence)}`;
  $('.marks').setAttribute('aria-label', label);
  clearTimeout(speaking);
  speaking = setTimeout(() => {
    const index = isolated();
    const line = index === null ? null : lineAt(index);
    const rest = line ? `: ${spoken(lineSentence(line, index, 5))}` : '';
    $('.live').textContent = capital(head) + rest;
  }, 500);
}
