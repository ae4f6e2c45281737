// Running: what is shown belongs to one text, model and mode; where the selection names another, it is run. The last
// request wins; what is shown of another text says so until then.

const wanted = ({ mode, text, model, trace }) => JSON.stringify([mode, text, model, trace]);

export function createRunner(page) {
  const { store } = page;
  let running = null; // {key, controller}
  const shown = {}; // by mode: the key of what its parts show, or of what failed last

  async function run() {
    const key = wanted(store.selection);
    const { mode } = store.selection;
    running?.controller.abort();
    const controller = new AbortController();
    running = { key, controller };
    store.publish({ busy: { done: 0, of: 0, what: '' }, error: null });
    try {
      const data = await page.mode().run(page, {
        signal: controller.signal, progress: (busy) => running?.controller === controller && store.publish({ busy }),
      });
      if (running?.controller !== controller) return;
      shown[mode] = key;
      running = null;
      store.publish({ ...data, busy: null });
    } catch (error) {
      if (running?.controller !== controller) return;
      running = null;
      shown[mode] = key;
      store.publish({ busy: null, error: error.name === 'AbortError' ? null : error.message });
    }
  }

  function cancel() {
    if (!running) return;
    shown[store.selection.mode] = running.key;
    running.controller.abort();
  }

  return {
    run, cancel,
    update() {
      const key = wanted(store.selection);
      if (shown[store.selection.mode] !== key && running?.key !== key) run();
    },
  };
}
