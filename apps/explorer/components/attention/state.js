// What the view is showing: one object that the other files read and change, and nothing on window.

const $ = (selector) => element.querySelector(selector);
const root = $('.attention');
const settings = props.settings;
const palette = createPalette(settings);
const library = createLibrary(96e6);
const stageOf = Object.fromEntries(settings.stages.map((stage) => [stage.name, stage]));
const NOBODY = Object.freeze({ query: null, key: null });

const now = {
  run: null, // {id, tokens, layers, heads, kv_heads, modified}
  words: null,
  choice: { layer: 0, head: 0, stage: settings.start },
  tile: null, // the whole head, pooled if it is large
  detail: null, // a part of the same head, pooled less
  scale: null,
  layout: null, // null while the view has no width, in a tab that is not open
  style: null,
  view: null, // {row, key, size}: the part of the head on screen
  direction: 'row', // or 'column': what a token isolates
  pinned: NOBODY,
  hover: NOBODY,
  frame: null, // the rectangle being dragged open
  painted: 0, // how many heads have reached the screen
  shown: {}, // layer, head and stage of the last of them
  theme: null, // and the theme and pooling it was drawn with
  pool: null,
  times: { ms: 0, hover: 0 },
};

const stage = () => stageOf[now.choice.stage];
const table = () => palette.table(stage());
const length = () => now.run.tokens.length;
const whole = () => ({ row: 0, key: 0, size: length() });
// The axis a token is isolated along, and the other one.
const along = () => (now.direction === 'row' ? 'query' : 'key');
const across = () => (now.direction === 'row' ? 'key' : 'query');
const inside = (index, count) => Math.max(0, Math.min(count - 1, Math.trunc(index)));
const place = () => ({ ...now.choice, ...now.pinned });

function say(state, sentence) {
  root.dataset.state = state;
  $('.notice').textContent = sentence;
}

// For tests and other scripts of the page, as a property of the element: read only.
function publish() {
  const { direction, view, painted, shown, hover, layout } = now;
  root.attention = {
    ...place(), direction, view, painted, shown, hovered: hover, ...now.times,
    run: now.run?.id, state: root.dataset.state, theme: now.theme, pool: now.pool,
    square: layout && { left: layout.left, top: layout.top, side: layout.side },
  };
}

let announced = null;
let telling = null;

// Python hears where the reader is, once that has lasted and only if it is new.
function tell() {
  clearTimeout(telling);
  telling = setTimeout(() => {
    const here = place();
    if (JSON.stringify(here) === JSON.stringify(announced)) return;
    announced = here;
    trigger('select', { ...here, run: now.run?.id });
    writeAddress(here);
  }, 150);
}
