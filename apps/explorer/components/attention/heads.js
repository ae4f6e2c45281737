// Choosing a head: ask for it, show it, and let nothing that comes late overwrite it.

const PREFETCH_BYTES = 1.5e6; // neighbours of larger heads are not worth what they cost others

let calls = { head: null, detail: null, line: null }; // requests on their way

function choose(change, since = performance.now()) {
  if (!now.run) return;
  const next = { ...now.choice, ...change };
  next.layer = inside(next.layer, now.run.layers.length);
  next.head = inside(next.head, now.run.heads);
  if (Object.keys(next).every((name) => next[name] === now.choice[name])) return;
  now.choice = next;
  refresh(since);
  tell();
}

function wholeAddress(choice) {
  const all = [0, length()];
  return tileAddress(now.run.id, choice, all, all);
}

function refresh(since) {
  for (const call of Object.values(calls)) call?.abort();
  calls = { head: new AbortController(), detail: null, line: null };
  showControls();
  publish();
  const address = wholeAddress(now.choice);
  const ready = library.recall(address);
  if (ready) show(ready, since);
  else wait(address, calls.head.signal, since);
}

function wait(address, signal, since) {
  const slow = setTimeout(() => root.classList.add('waiting'), 150);
  library.load(address, decodeTile, signal)
    .then((tile) => signal.aborted || show(tile, since))
    .catch((error) => signal.aborted || fail(error))
    .finally(() => clearTimeout(slow));
}

function show(tile, since) {
  now.tile = tile;
  now.detail = null;
  root.classList.remove('waiting');
  say('ready', '');
  rescale();
  const shown = { ...now.choice };
  // Two frames: the first draws what was painted, the second starts once it is on screen.
  requestAnimationFrame(() => requestAnimationFrame(() => {
    now.painted += 1;
    now.shown = shown;
    now.times.ms = performance.now() - since;
    publish();
  }));
  sharpen();
  drawThumbnails();
  prefetch(calls.head.signal);
}

function rescale() {
  if (!now.tile) return;
  now.scale = createScale(stage(), now.tile, $('.fit input').checked);
  drawAll();
}

function fail(error) {
  root.classList.remove('waiting');
  say(error.status === 404 ? 'lost' : 'failed', error.message);
  publish();
}

const idle = window.requestIdleCallback ?? ((then) => setTimeout(then, 50));

function prefetch(signal) {
  if (now.tile.bytes > PREFETCH_BYTES) return;
  setTimeout(() => idle(() => signal.aborted || neighbours().forEach((choice) => {
    // A neighbour that does not come is asked for again when it is wanted.
    library.load(wholeAddress(choice), decodeTile).catch(() => {});
  })), 120);
}

function neighbours() {
  const { layer, head } = now.choice;
  return [[layer, head + 1], [layer, head - 1], [layer + 1, head], [layer - 1, head]]
    .filter(([l, h]) => now.run.layers[l] && h >= 0 && h < now.run.heads)
    .map(([l, h]) => ({ ...now.choice, layer: l, head: h }));
}

// A pooled map that is zoomed into asks for the finer numbers of what it shows.
function sharpen() {
  calls.detail?.abort();
  const { tile, detail, view } = now;
  if (tile.pool === 1 || view.size === length()) return;
  if (detail && detail.pool === 1 && covers(detail, view)) return;
  const rows = [view.row, view.row + view.size];
  const keys = [view.key, view.key + view.size];
  calls.detail = later(80, tileAddress(now.run.id, now.choice, rows, keys), (finer) => {
    now.detail = finer;
    drawMap();
    drawFocus();
  });
}

// Loads a tile after a pause in which it may be called off; a pointer that only passes by costs nothing.
function later(pause, address, then) {
  const call = new AbortController();
  setTimeout(() => {
    if (call.signal.aborted) return;
    library.load(address, decodeTile, call.signal)
      .then((tile) => call.signal.aborted || then(tile))
      .catch((error) => call.signal.aborted || fail(error));
  }, pause);
  return call;
}
