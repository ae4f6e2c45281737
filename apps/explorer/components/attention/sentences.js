// Everything the page says about a cell, a token or a head.

function createWords(settings, run) {
  const token = (index) => `${index} "${island(run.tokens[index])}"`;
  const bare = (index) => `${index} ${island(run.tokens[index])}`;
  const reason = (code) => settings.reasons[code].sentence;

  // One cell in one sentence; `cell` is {query, key, value, reason}.
  function cell(stage, { query, key, value, reason: code }) {
    const [from, to] = [`query ${token(query)}`, `key ${token(key)}`];
    if (Number.isNaN(value)) return `${from} does not see ${to}: ${reason(code)}`;
    const number = exactNumber(value);
    if (stage.name === settings.start) return `${from} attends to ${to}: ${number}`;
    const later = code ? ` (the mask will hide it: ${reason(code)})` : '';
    return `${from}, ${to}: ${stage.quantity} ${number}${later}`;
  }

  // A cell that stands for several, because the map has more cells than were sent.
  function block(stage, { query, key, size, value, reason: code }) {
    const where = `queries ${spread(query, size)}, keys ${spread(key, size)}`;
    if (Number.isNaN(value)) return `${where}: hidden, ${reason(code)}`;
    return `${where}: ${stage.quantity} up to ${exactNumber(value)} (zoom in for single cells)`;
  }

  // What heads a row or a column.
  function line(stage, direction, index) {
    const row = direction === 'row';
    const who = `${row ? 'query' : 'key'} ${token(index)}`;
    if (stage.name !== settings.start) return `${who}, ${stage.quantity} by ${row ? 'key' : 'query'}:`;
    return row ? `${who} attends to` : `${who} gets attention from`;
  }

  function head(state) {
    const layer = run.layers[state.layer];
    return `layer ${state.layer} (${kindLabel(layer)}), head ${state.head}`;
  }

  // Query heads that read the same keys and values.
  function sharing(head) {
    const group = run.heads / run.kv_heads;
    if (group === 1) return '';
    const shared = Math.floor(head / group);
    const first = shared * group;
    return `key/value head ${shared}, shared by heads ${spread(first, group)}`;
  }

  return { cell, block, line, head, sharing, token, bare };
}
