// What the inspector is showing, and how it gets there.

const $ = (selector) => element.querySelector(selector);
const root = $('.inspector');
const settings = props.settings;
const palette = createPalette(settings);
const library = createLibrary(8e6);
const stageOf = Object.fromEntries(settings.stages.map((stage) => [stage.name, stage]));

const now = {
  id: null, // of the run
  cell: null, // {layer, head, stage, query, key} that is wanted
  story: null, // of the cell that is shown
  hover: null, // {query, key} under the pointer in any of the maps
  ms: 0, // from the wish to the screen
};

// For tests and other scripts of the page, as a property of the element: read only.
function publish() {
  const { story, hover, ms } = now;
  const shown = story && { layer: story.layer, head: story.head, stage: story.stage, query: story.query, key: story.key };
  root.inspector = { run: now.id, ...now.cell, shown, hovered: hover, ms, state: root.dataset.state };
}

function say(state, sentence) {
  root.dataset.state = state;
  $('.notice').textContent = sentence;
  publish();
}

function storyAddress({ layer, head, stage, query, key }) {
  const path = [now.id, layer, head, query, key].map(encodeURIComponent).join('/');
  return new URL(`cell/${path}?stage=${encodeURIComponent(stage)}`, document.baseURI).href;
}

function floats(base64) {
  return new Float32Array(bytesOf(base64).buffer);
}

// Numbers and sentences stay as they came; maps become tiles as the painter of cells wants them.
function decodeStory(buffer) {
  const told = JSON.parse(new TextDecoder().decode(buffer));
  const [row, rowEnd] = told.rows;
  const [key, keyEnd] = told.keys;
  const [height, width] = [rowEnd - row, keyEnd - key];
  const reasons = bytesOf(told.reasons);
  const tiles = (base64) => {
    const values = floats(base64);
    const count = values.length / (height * width);
    return Array.from({ length: count }, (_, at) => ({
      row, rowEnd, key, keyEnd, height, width, pool: 1, reasons,
      values: values.subarray(at * height * width, (at + 1) * height * width),
    }));
  };
  return { ...told, maps: tiles(told.maps), head_maps: tiles(told.head_maps), bytes: buffer.byteLength };
}

const token = (index) => `${index} "${island(now.story.tokens[index])}"`;

let call = null; // the request on its way

// Shows another cell; a late answer never overwrites a newer wish.
function look(cell, since = performance.now()) {
  call?.abort();
  call = new AbortController();
  const { signal } = call;
  now.cell = cell;
  library.load(storyAddress(cell), decodeStory, signal)
    .then((story) => signal.aborted || tell(story, since))
    .catch((error) => signal.aborted || say(error.status === 404 ? 'lost' : 'failed', error.message));
}

let telling = null;

// The reader goes to another cell or head: here at once, in the rest of the page once that has lasted.
function go(change) {
  const since = performance.now();
  const cell = { ...now.cell, ...change };
  look(cell, since);
  clearTimeout(telling);
  const run = now.id;
  telling = setTimeout(() => now.id === run && trigger('select', { ...cell, run }), 100);
}
