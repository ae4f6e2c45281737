// Maps around the cell: small canvases that share one place, marked by boxes that lie over them.

// A map inside `parent`. `places` are told of the pointer and of clicks as {query, key}.
function createMap(parent, label) {
  const canvas = child(parent, 'canvas');
  const pinned = child(parent, 'i', 'box pinned');
  const pointed = child(parent, 'i', 'box pointed');
  canvas.setAttribute('role', 'img');
  let tile = null;
  let cell = 0; // side of a cell in CSS pixels

  function paint(newTile, room, scale, colours, ratio) {
    tile = newTile;
    const device = Math.max(1, Math.floor((room * ratio) / tile.width)) * tile.width;
    cell = device / ratio / tile.width;
    const context = sized(canvas, device / ratio, device / ratio, ratio);
    const view = { row: tile.row, key: tile.key, size: tile.width };
    paintCells(context, 0, 0, device, tile, view, scale, colours, palette.hatches());
    return device / ratio;
  }

  function place(box, at) {
    box.hidden = !at;
    if (!at) return;
    box.style.transform = `translate(${(at.key - tile.key) * cell}px, ${(at.query - tile.row) * cell}px)`;
    box.style.width = box.style.height = `${cell}px`;
  }

  function mark(here, hover) {
    place(pinned, here);
    place(pointed, hover);
  }

  function under(event) {
    const inside = (value, count) => Math.max(0, Math.min(count - 1, Math.floor(value / cell)));
    return {
      query: tile.row + inside(event.offsetY, tile.height),
      key: tile.key + inside(event.offsetX, tile.width),
    };
  }

  const describe = (words) => canvas.setAttribute('aria-label', `${label}: ${words}`);
  return { canvas, paint, mark, under, describe };
}

const maps = cards.map(({ map }, at) => createMap(map, `Map of the stage ${settings.stages[at].label}`));

// Raw, capped and masked scores share one scale, so that what the cap does to them shows.
function scaleOf(story, at) {
  const stage = settings.stages[at];
  return createScale(stage, stage.scale === 'diverging' ? story.maps[0] : story.maps[at], false);
}

function drawMaps(story) {
  const ratio = Math.min(3, window.devicePixelRatio || 1);
  maps.forEach((map, at) => {
    const room = Math.min(224, cards[at].map.clientWidth);
    const [tile, scale, table] = [story.maps[at], scaleOf(story, at), palette.table(settings.stages[at])];
    const side = map.paint(tile, room, scale, table, ratio);
    showScale(cards[at], scale, table, side, ratio);
    map.describe(`queries ${spread(tile.row, tile.height)}, keys ${spread(tile.key, tile.width)}`);
  });
}

// One cell in all maps, under the pointer or pinned, and its five numbers in one line.
function markMaps() {
  const { story, hover } = now;
  if (!story) return; // the pointer leaves a map that has just been hidden
  for (const map of [...maps, ...headMaps]) map.mark(story, hover);
  writeSentence($('.readout'), hover ? hoverSentence(story, hover) : '');
  publish();
}

function hoverSentence(story, { query, key }) {
  const numbers = story.maps.map((tile, at) => {
    const { value } = cellOf(tile, query, key);
    return Number.isNaN(value) ? null : `${settings.stages[at].label.toLowerCase()} ${shortNumber(value)}`;
  }).filter(Boolean);
  const { reason } = cellOf(story.maps[0], query, key);
  const hidden = reason ? `, then hidden: ${settings.reasons[reason].label}` : '';
  return `query ${token(query)}, key ${token(key)}: ${numbers.join(' → ')}${hidden}`;
}
