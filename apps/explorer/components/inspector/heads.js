// All heads of the layer around the same cell, at the stage of the large map.

let headMaps = [];
let headButtons = [];

function fillHeads(count) {
  if (headButtons.length === count) return;
  $('.heads').replaceChildren();
  headButtons = Array.from({ length: count }, (_, head) => {
    const button = child($('.heads'), 'button', 'one');
    button.type = 'button';
    button.addEventListener('click', () => go({ head }));
    return { button, map: child(button, 'span', 'map'), name: child(button, 'span', 'name'), value: child(button, 'span', 'number') };
  });
  headMaps = headButtons.map(({ map }, head) => createMap(map, `Map of head ${head}`));
  headMaps.forEach(listen);
}

// One colour scale for all heads, so that they can be compared.
function headScale(story, stage) {
  const all = story.head_maps.map((tile) => largestMagnitude(tile));
  const largest = story.head_maps[all.indexOf(Math.max(...all))];
  return createScale(stage, largest, false);
}

function showHeads(story) {
  const stage = stageOf[story.stage];
  const { ticks } = headScale(story, stage);
  const group = story.heads.length / story.kv_heads;
  $('.layer .heading').textContent = `All heads of layer ${story.layer} at this cell: ${stage.label.toLowerCase()}, colours ${endsOf(ticks)}`;
  story.heads.forEach((value, head) => {
    const { button, name, value: number } = headButtons[head];
    const text = value === null ? 'hidden' : shortNumber(value);
    name.textContent = `head ${head}`;
    number.textContent = text;
    button.setAttribute('aria-pressed', String(head === story.head));
    button.setAttribute('aria-label', `head ${head}: ${stage.label.toLowerCase()} ${text}`);
    button.title = group > 1 ? `head ${head}, key/value head ${Math.floor(head / group)}` : `head ${head}`;
    button.classList.toggle('starts-group', group > 1 && head % group === 0 && head > 0);
  });
}

function drawHeads(story) {
  const stage = stageOf[story.stage];
  const ratio = Math.min(3, window.devicePixelRatio || 1);
  const scale = headScale(story, stage);
  headMaps.forEach((map, head) => {
    map.paint(story.head_maps[head], 68, scale, palette.table(stage), ratio);
  });
}
