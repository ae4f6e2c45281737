// The lines between the two columns: one per head, query and key above the threshold, only those in sight.

const ROW = 20;

function opacityOf(weight, { log, threshold }) {
  if (!log) return weight;
  const floor = Math.log(Math.max(threshold, 1e-4));
  return Math.max(0.08, 1 - Math.log(weight) / floor);
}

function drawLines(canvas, { heads, size, colours, options, focus, width, top, bottom }) {
  const height = size * ROW;
  const context = sized(canvas, width, height, height > 8000 ? 1 : Math.min(2, window.devicePixelRatio));
  context.clearRect(0, 0, width, height);
  let drawn = 0;
  for (const { head, weights } of heads) {
    context.strokeStyle = colours[head];
    drawn += drawHead(context, weights, { size, options, focus, width, top, bottom });
  }
  return drawn;
}

function drawHead(context, weights, { size, options, focus, width, top, bottom }) {
  let drawn = 0;
  for (let query = 0; query < size; query += 1) {
    if (focus?.side === 'query' && focus.index !== query) continue;
    for (let key = 0; key < size; key += 1) {
      if (focus?.side === 'key' && focus.index !== key) continue;
      const weight = weights[query * size + key];
      if (weight < options.threshold || !weight || !inSight(query, key, top, bottom)) continue;
      context.globalAlpha = Math.min(1, opacityOf(weight, options));
      context.lineWidth = 0.5 + 3 * weight;
      line(context, (query + 0.5) * ROW, (key + 0.5) * ROW, width);
      drawn += 1;
    }
  }
  return drawn;
}

const inSight = (query, key, top, bottom) => Math.max(query, key) * ROW >= top && Math.min(query, key) * ROW <= bottom;

function line(context, from, to, width) {
  context.beginPath();
  context.moveTo(0, from);
  context.bezierCurveTo(width * 0.4, from, width * 0.6, to, width, to);
  context.stroke();
}
