// Pointer and keys: what the reader points at is marked in every map, what is clicked becomes the cell.

function listen(map) {
  map.canvas.addEventListener('pointermove', (event) => {
    const { query, key } = map.under(event);
    if (now.hover?.query === query && now.hover.key === key) return;
    now.hover = { query, key };
    markMaps();
  });
  map.canvas.addEventListener('pointerleave', () => {
    now.hover = null;
    markMaps();
  });
}

// A click in a map of a head is meant for the head: its button hears it.
maps.forEach((map) => {
  listen(map);
  map.canvas.addEventListener('click', (event) => go(map.under(event)));
});

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

$('.cards').addEventListener('keydown', (event) => {
  const step = STEPS[event.key];
  if (!step || !now.story || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const { query, key } = now.cell;
  const inside = (position) => Math.max(0, Math.min(now.story.length - 1, position));
  go({ query: inside(query + step[0]), key: inside(key + step[1]) });
});
