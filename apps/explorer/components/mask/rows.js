// Rows of small cells with a name before and a number behind: reach by layer, caches by pass.

// `rows` = [{name, colour, count, cells: [{kind, text}]}]; kind is full, part, empty or none.
function drawRows(canvas, rows, width, style, hatch) {
  const columns = Math.max(...rows.map((row) => row.cells.length), 1);
  const probe = canvas.getContext('2d');
  probe.font = `12px ${style.font}`;
  const left = Math.ceil(Math.max(...rows.map((row) => probe.measureText(row.name).width))) + 14;
  const cell = Math.max(3, Math.min(24, (width - left - 34) / columns));
  const line = rows.length > 16 ? 14 : 20;
  const context = sized(canvas, Math.ceil(left + columns * cell + 34), rows.length * line + 2, window.devicePixelRatio || 1);
  const empty = patterns(context, [hatch, hatch], style.paper)[1];
  rows.forEach((row, at) => drawRow(context, row, { left, cell, columns, y: at * line + 1, line }, style, empty));
}

function drawRow(context, row, { left, cell, columns, y, line }, style, empty) {
  const gap = cell > 6 ? 1 : 0;
  context.textBaseline = 'middle';
  context.font = `${row.chosen ? 700 : 400} 12px ${style.font}`;
  context.fillStyle = row.chosen ? style.accent : style.ink;
  context.textAlign = 'left';
  context.fillText(row.name, 2, y + line / 2);
  context.fillText(String(row.count), left + columns * cell + 6, y + line / 2);
  context.textAlign = 'center';
  row.cells.forEach(({ kind, text }, at) => {
    const box = [left + at * cell, y + 1, cell - gap, line - 3];
    context.globalAlpha = kind === 'part' ? 0.45 : 1;
    context.fillStyle = kind === 'empty' ? empty : kind === 'none' ? `rgb(${style.hidden.join(' ')})` : row.colour;
    context.fillRect(...box);
    context.globalAlpha = 1;
    if (!text || cell < 17) return;
    context.font = `10px ${style.font}`;
    context.fillStyle = kind === 'full' ? style.paper : style.ink;
    context.fillText(text, left + (at + 0.5) * cell, y + line / 2);
  });
}

// After each layer: keys that reached the query just now, before, or not.
function reachRows(mask, query, style) {
  const size = Math.sqrt(mask.first.length);
  const row = mask.first.subarray(query * size, (query + 1) * size);
  return Array.from({ length: mask.layers.length + 1 }, (_, passed) => {
    const kind = mask.layers[passed - 1];
    const cells = Array.from(row, (after) => ({ kind: after > passed ? 'none' : after === passed ? 'full' : 'part' }));
    return {
      name: passed ? `layer ${passed - 1} ${kind}` : 'start',
      colour: passed ? style.kinds[kind] : style.ink,
      count: cells.filter((cell) => cell.kind !== 'none').length,
      chosen: passed === mask.layer + 1,
      cells,
    };
  });
}

// After each pass: what a cache holds. A static cache by slot, a growing one by position.
function cacheRows(cache, mask, style) {
  const last = Math.sqrt(mask.first.length);
  return cache.passes.map(({ label, rows, holds }, at) => {
    const state = (position) => (position >= rows[0] ? 'full' : 'part');
    const cells = cache.static
      ? holds.map((position) => (position === null ? { kind: 'empty' } : { kind: state(position), text: `${position}` }))
      : Array.from({ length: last }, (_, position) => (
        holds.includes(position) ? { kind: state(position), text: `${position}` } : { kind: 'none' }));
    const count = holds.filter((position) => position !== null).length;
    return { name: label, colour: style.kinds[cache.kind], count, chosen: at === mask.pass.at, cells };
  });
}
