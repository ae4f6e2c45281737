// Heads, by what the score loses when one is set to zero: all of them as a grid, the strongest as a list.

// The attention that the deciding token pays in one head.
function weightsOf(layer, head) {
  const { effects, weights } = now.heads;
  const count = weights.length / effects.flat().length;
  const start = (layer * effects[0].length + head) * count;
  return Array.from(weights.subarray(start, start + count));
}

function showHeads(heads) {
  now.heads = { ...heads, weights: new Float32Array(bytesOf(heads.weights).buffer) };
  const { effects, ranked } = heads;
  const most = largestEffect(effects.flat());
  $('.heads .told').textContent = heads.sentence;
  showGrid(effects);
  $('.heads ol').replaceChildren(...ranked.map((row) => headItem(row, most)));
  markHead();
  if (now.paint.layer !== undefined) paintSentence();
}

function showGrid(effects) {
  const most = largestEffect(effects.flat());
  const grid = $('.heads .grid');
  grid.style.gridTemplateColumns = `auto repeat(${effects[0].length}, minmax(20px, 34px))`;
  grid.replaceChildren();
  effects.forEach((row, layer) => {
    child(grid, 'span', 'side', layer);
    row.forEach((effect, head) => {
      const cell = headButton(grid, 'cell', layer, head);
      coloured(cell, effect, 'diverging', most);
      cell.title = `layer ${layer}, head ${head}: ${signed(effect)}`;
      cell.setAttribute('aria-label', cell.title);
    });
  });
  child(grid, 'span', 'side', '');
  effects[0].forEach((_, head) => child(grid, 'span', 'side', head));
}

function headItem({ layer, head, effect, keys }, most) {
  const item = document.createElement('li');
  const button = headButton(item, 'one', layer, head);
  child(button, 'span', 'who', `layer ${layer}, head ${head}`);
  effectBar(button, effect, most);
  child(button, 'span', 'number', signed(effect)).title = exactNumber(Math.fround(effect));
  const looks = keys.map(({ token, weight }) => `${island(token)} ${fixed(weight, 2)}`).join(' · ');
  writeSentence(child(button, 'span', 'after'), `attends to ${looks}`);
  return item;
}

function headButton(parent, kind, layer, head) {
  const button = child(parent, 'button', kind);
  button.type = 'button';
  Object.assign(button.dataset, { layer, head });
  button.addEventListener('click', () => useHead(layer, head));
  return button;
}

function markHead() {
  const { layer, head } = now.paint;
  for (const button of root.querySelectorAll('.heads button')) {
    button.setAttribute('aria-pressed', String(Number(button.dataset.layer) === layer && Number(button.dataset.head) === head));
  }
}
