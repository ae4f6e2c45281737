// One state for the page: the selection, which is the address, and data, which came from the server.
// Parts listen, and are told which keys have changed: ('head' of the selection, 'run' of the data).

import { differences, format, isStep, leftOut, parse } from './selection.js';

export function createStore(location, history) {
  let selection = here();
  let data = {};
  const listeners = new Set();

  // The address, with what was too long for it.
  function here() {
    return Object.freeze({ ...parse(location.search), ...history.state?.leftOut });
  }

  function tell(changed) {
    if (changed.size) for (const listener of [...listeners]) listener(changed);
  }

  // Where the reader goes. `push` says whether Back returns from it, where that does not follow from what changes.
  function select(patch, { push = null, write = true } = {}) {
    const before = selection;
    selection = Object.freeze({ ...before, ...patch });
    const changed = differences(before, selection);
    if (!changed.size) return;
    if (write) {
      const method = push ?? isStep(before, selection) ? 'pushState' : 'replaceState';
      history[method]({ leftOut: leftOut(selection) }, '', location.pathname + format(selection, location.search) + location.hash);
    }
    tell(changed);
  }

  // What the server has said: {run, pair, ...}.
  function publish(patch) {
    const changed = new Set(Object.keys(patch).filter((key) => data[key] !== patch[key]));
    data = { ...data, ...patch };
    tell(changed);
  }

  // After Back or Forward.
  function restore() {
    const before = selection;
    selection = here();
    tell(differences(before, selection));
  }

  return {
    get selection() { return selection; },
    get data() { return data; },
    select, publish, restore,
    listen(listener) { listeners.add(listener); return () => listeners.delete(listener); },
  };
}
