// What runs: the text and model of the selection. The last request wins; what is shown of another text says so until
// then, and a run that fails or is cancelled leaves it there.

const keyOf = (asked) => JSON.stringify(asked);

// What the selection asks the open mode for: {mode, text, model, trace}, of which `trace` is a saved one or null.
export function askedOf({ selection }, mode, settings) {
  const { text, model } = selection;
  const first = text === null && model === null ? mode.traces?.(settings)[0] : null;
  const trace = selection.trace ?? first ?? null;
  return { mode: mode.name, text: text ?? mode.examples[0].text, model: model ?? mode.models(settings)[0] ?? null, trace };
}

const FAST_SECONDS = 0.3;
const LONGEST_WAIT = 250; // ms that a text which is typed waits for the run before it
const frame = globalThis.requestAnimationFrame ?? setTimeout;

export function createRunner(page) {
  const { store } = page;
  const asked = () => askedOf(store, page.mode(), page.settings);
  let running = null; // {key, controller}
  const settled = {}; // by mode: the key that was answered, failed or was cancelled last
  const fastest = {}; // seconds of a run, by model
  const shown = {}; // by mode: the key of what its parts show
  let next = { timer: 0 }; // {act, timer}: what runs when the run before it is seen

  function end(own, patch) {
    if (running !== own) return;
    running = null;
    settled[own.mode] = own.key;
    store.publish({ ...patch, busy: null, stale: shown[own.mode] !== undefined && shown[own.mode] !== own.key });
    frame(() => setTimeout(goOn));
  }

  function goOn() {
    const { act } = next;
    clearTimeout(next.timer);
    next = { timer: 0 };
    act?.();
  }

  async function run() {
    const wanted = asked();
    const own = { key: keyOf(wanted), mode: wanted.mode, controller: new AbortController() };
    running?.controller.abort();
    running = own;
    const since = performance.now();
    store.publish({ busy: { done: 0, of: 0, what: '', since }, error: null, stale: shown[own.mode] !== undefined && shown[own.mode] !== own.key });
    try {
      const progress = (busy) => running === own && store.publish({ busy: { ...busy, since } });
      const data = await page.mode().run(page, wanted, { signal: own.controller.signal, progress });
      if (running !== own) return;
      shown[own.mode] = own.key;
      // The first run of a model is slower than those to come.
      if (!wanted.trace) fastest[wanted.model] = Math.min(fastest[wanted.model] ?? Infinity, data[page.mode().shows ?? 'run']?.seconds ?? Infinity);
      end(own, { ...data, shown: wanted });
    } catch (error) {
      end(own, { error: error.name === 'AbortError' ? null : error.message });
    }
  }

  return {
    asked, run,
    cancel() { running?.controller.abort(); },
    // Whether a run is so fast that the text may run as it is typed.
    get isFast() { return fastest[asked().model] < FAST_SECONDS; },
    // At once where nothing runs; else only the latest one, when what runs is drawn or has taken long.
    soon(act) {
      clearTimeout(next.timer);
      next = { act, timer: running ? setTimeout(goOn, LONGEST_WAIT) : 0 };
      if (!running) goOn();
    },
    update() {
      const { mode } = store.selection;
      const key = keyOf(asked());
      if (settled[mode] !== key && running?.key !== key) run();
    },
  };
}
