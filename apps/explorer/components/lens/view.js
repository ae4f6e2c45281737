// The lens view, put together. Gradio runs this once per mount with `element`, `trigger`, `props` and `watch`.

const $ = (selector) => element.querySelector(selector);
const root = $('.lens');
const now = { lens: null, pinned: null, pointed: null };

const grid = createGrid({ scroll: $('.scroll'), plane: $('.plane'), labels: $('.labels') }, { point, pin, step });
const detail = createDetail(
  { where: $('.where'), top: $('.top tbody'), spread: $('.spread'), followed: $('.followed') },
  (token) => trigger('follow', { token }),
);

// ---- what Python gave

function numbers(base64, Kind) {
  return new Kind(bytesOf(base64).buffer);
}

const FLOATS = ['logits', 'capped', 'probs', 'entropy', 'chosen_logits', 'chosen_capped', 'chosen_probs', 'chosen_ranks'];

function unpacked(value) {
  const arrays = Object.fromEntries(FLOATS.map((name) => [name, numbers(value[name], Float32Array)]));
  return { ...value, ...arrays, top: numbers(value.top, Int32Array), rows: value.kinds.length + 1 };
}

function receive() {
  const { value } = props;
  if (!value?.id) now.lens = null;
  say(value?.id ? 'ready' : 'empty', value?.id ? '' : settings.empty);
  if (!value?.id || value.id === now.lens?.id) return;
  const before = now.lens;
  now.lens = unpacked(value);
  const { rows, tokens, length } = now.lens;
  // The same text with another token to follow: the reader stays where she was.
  const same = before && before.rows === rows && before.tokens.join('\n') === tokens.join('\n');
  if (!same) now.pinned = null;
  const place = now.pinned ?? value.place ?? {};
  now.pinned = { row: inside(place.row ?? rows - 1, rows), position: inside(place.position ?? tokens.length - 1, tokens.length) };
  now.pointed = null;
  $('.modified').textContent = value.modified.length ? `modified model: ${value.modified.join('; ')}` : '';
  $('.part').textContent = tokens.length < length ? `the first ${tokens.length} of ${length} positions; the command line draws any part` : '';
  draw();
  if (!same) grid.reveal(now.pinned.position);
}

const inside = (index, count) => Math.max(0, Math.min(count - 1, Math.trunc(index)));

function say(state, sentence) {
  root.dataset.state = state;
  $('.notice').textContent = sentence;
  $('.notice').hidden = !sentence;
}

// ---- what a cell shows

const at = ({ row, position }) => row * now.lens.tokens.length + position;

const quantities = {
  probability: (i) => now.lens.probs[i * now.lens.top_count],
  entropy: (i) => now.lens.entropy[i],
  rank: (i) => 1 / now.lens.chosen_ranks[i],
  chosen_probability: (i) => now.lens.chosen_probs[i],
};

const words = {
  probability: (i) => now.lens.names[now.lens.top[i * now.lens.top_count]],
  entropy: (i) => now.lens.entropy[i].toFixed(2),
  rank: (i) => String(now.lens.chosen_ranks[i]),
  chosen_probability: (i) => shortNumber(now.lens.chosen_probs[i]),
};

function draw() {
  if (!now.lens) return;
  const { lens } = now;
  const metric = props.metric;
  const high = metric === 'entropy' ? Math.max(...lens.entropy, 1e-9) : 1;
  const look = (theme, step) => ({ fill: settings.colours[theme].steps[step], ink: settings.colours[theme].inks[step] });
  grid.show({
    count: lens.tokens.length,
    rows: ['embeddings', ...lens.kinds].map(rowLabel),
    read: (position) => lens.tokens[position],
    cell: (row, position) => {
      const i = at({ row, position });
      const step = Math.round(255 * Math.min(1, quantities[metric](i) / high));
      return { text: words[metric](i), hit: lens.chosen_ranks[i] === 1, light: look('light', step), dark: look('dark', step) };
    },
  });
  $('.unit').textContent = `${settings.labels[metric]}; bold: the token that is followed is the top one`;
  [$('.low').textContent, $('.high').textContent] = ['0', metric === 'entropy' ? high.toFixed(2) : '1'];
  for (const theme of ['light', 'dark']) {
    const stops = settings.colours[theme].steps.filter((_, step) => step % 51 === 0);
    $('.ramp').style.setProperty(`--${theme}`, `linear-gradient(to right, ${stops.join(', ')})`);
  }
  lookAt();
}

function rowLabel(kind, row) {
  if (row === 0) return { text: 'embeddings' };
  const { light, dark } = settings.colours;
  return { text: `after ${row - 1}`, kind, letter: kind[0].toUpperCase(), light: light.kinds[kind], dark: dark.kinds[kind] };
}

function cellAt(place) {
  const { lens } = now;
  const i = at(place);
  const from = i * lens.top_count;
  const list = Array.from({ length: lens.top_count }, (_, k) => from + k);
  const layer = `after layer ${place.row - 1} (${lens.kinds[place.row - 1]})`;
  const isLast = place.row === lens.rows - 1;
  return {
    stream: place.row === 0 ? 'Embeddings' : capital(layer) + (isLast ? ', the model\u2019s own prediction' : ''),
    position: place.position,
    read: lens.tokens[place.position],
    entropy: lens.entropy[i],
    top: list.map((k) => ({ name: lens.names[lens.top[k]], logit: lens.logits[k], capped: lens.capped[k], probability: lens.probs[k] })),
    chosen: {
      name: lens.names[lens.chosen[place.position]],
      why: lens.followed ? 'followed token' : place.position + 1 < lens.length ? 'next token' : 'predicted next token',
      rank: lens.chosen_ranks[i], logit: lens.chosen_logits[i],
      capped: lens.chosen_capped[i], probability: lens.chosen_probs[i],
    },
  };
}

// ---- hands

function lookAt() {
  const place = now.pointed ?? now.pinned;
  detail.show(cellAt(place));
  grid.mark({ pinned: now.pinned, pointed: now.pointed });
  root.lens = { id: now.lens.id, metric: props.metric, pinned: now.pinned, shown: place };
}

function point(place) {
  if (!now.lens) return;
  now.pointed = place;
  lookAt();
}

function pin(place) {
  now.pinned = place;
  lookAt();
  $('.live').textContent = detail.spoken(cellAt(place));
  trigger('select', place);
}

function step(way) {
  if (!now.lens) return;
  const { rows, tokens } = now.lens;
  const [down, right] = way ?? [0, 0];
  const from = way ? now.pinned : { row: rows - 1, position: tokens.length - 1 };
  const place = { row: inside(from.row + down, rows), position: inside(from.position + right, tokens.length) };
  now.pointed = null;
  grid.reveal(place.position);
  pin(place);
}

watch('value', receive);
watch('metric', draw);
receive();
