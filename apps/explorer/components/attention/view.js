// The attention view, put together. Gradio runs this once per mount with `element`, `trigger`,
// `props` and `watch`; the files before this one are part of the same function.

const showStage = createSegments($('.stages'), `${element.id}-stage`, settings.stages.map(
  ({ name, label, help, formula }) => ({ value: name, label, help: `${help}\n${formula}` }),
), (name, since) => choose({ stage: name }, since));
const showDirection = createSegments($('.directions'), `${element.id}-direction`, [
  { value: 'row', label: 'What it attends to', help: 'Isolate a row: one query and all its keys' },
  { value: 'column', label: 'What attends to it', help: 'Isolate a column: one key and all queries' },
], turn);
const showLayer = createSlider($('input.layer'), $('.layer-value'),
  (layer, since) => choose({ layer }, since));
const showHead = createSlider($('input.head'), $('.head-value'),
  (head, since) => choose({ head }, since));
const grid = createGrid(
  { scroll: $('.grid'), canvas: $('.thumbnails'), chosen: $('.chosen'), pointed: $('.pointed') },
  choose,
);
const strip = createStrip($('.tokens'), element.id, { point: pointToken, pin: pinToken });
showDirection(now.direction);

// ---- a run arrives, or Python leads the reader to another place in it

const served = { value: null, move: null }; // the numbers of the last places that Python gave

function receive() {
  const { value, move } = props;
  if (!value?.id) return say('empty', settings.empty);
  const known = now.run?.id === value.id;
  if (!known) open(value);
  const led = [['value', value], ['move', move]].filter(([name, given]) => {
    const fresh = given?.id === value.id && given.serial && given.serial !== served[name];
    if (fresh) served[name] = given.serial;
    return fresh;
  });
  for (const [, given] of led) go(given);
  if (known && !led.length) return;
  now.choice = {
    layer: inside(now.choice.layer, now.run.layers.length),
    head: inside(now.choice.head, now.run.heads),
    stage: now.choice.stage,
  };
  // Where Python leads it knows the reader to be; anything else is news to it.
  if (led.length || announced === null) announced = place();
  else tell();
  if (led.length) writeAddress(place());
  refresh(performance.now());
}

function go({ layer, head, stage: name, query, key }) {
  const { choice, pinned } = now;
  now.choice = { layer: layer ?? choice.layer, head: head ?? choice.head, stage: name ?? choice.stage };
  const position = (wanted, old) => (wanted == null ? wanted === null ? null : old : inside(wanted, length()));
  now.pinned = { query: position(query, pinned.query), key: position(key, pinned.key) };
}

function open(run) {
  const { words } = { words: createWords(settings, run) };
  Object.assign(now, { run, words, tile: null, detail: null, pinned: NOBODY, hover: NOBODY });
  now.view = whole();
  say('ready', '');
  const modified = run.modified ?? [];
  $('.modified').textContent = modified.length ? `modified model: ${modified.join('; ')}` : '';
  $('.readout').textContent = 'Reading the head …';
  const heads = `${run.layers.length} layers by ${run.heads} heads`;
  $('.thumbnails').setAttribute('aria-label', `Thumbnails of ${heads}. Arrow keys choose.`);
  strip.clear();
  showText();
  measure();
}

// Long texts show the tokens around the part of the map on screen.
function showText() {
  const { view, pinned, run } = now;
  const middle = view.size === length() ? 0 : view.row + view.size / 2;
  strip.show(run.tokens, pinned[along()] ?? middle);
  const part = `tokens ${spread(strip.first, strip.count)} of ${length()}: zoom or move the map for others`;
  $('.text-note').textContent = strip.count < length() ? part : 'point at a token, click to pin it';
}

// ---- hands

bindMap($('.marks'), wish);
bindKeys($('.marks'), wish);
bindKeys($('.thumbnails'), wish);
$('.in').addEventListener('click', () => wish.zoom(0.64));
$('.out').addEventListener('click', () => wish.zoom(1.5625));
$('.whole').addEventListener('click', wish.whole);
$('.unpin').addEventListener('click', wish.unpin);
$('.fit input').addEventListener('change', rescale);

// ---- the page around the view: its width and its theme

function redraw() {
  if (!now.run) return;
  measure();
  showControls();
  drawThumbnails();
  drawAll();
}

watchPage(root, redraw);

watch(['value', 'move'], receive);
receive();
