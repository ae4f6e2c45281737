// Whether the numbers are exact, how far a run is, and in full what went wrong.

import { h, icon, put } from './dom.js';
import { progressWords, share } from './progress.js';

// A run that is over sooner says nothing of itself.
const SOON_MS = 400;
const TICK = 'M3 10.5l4.5 4.5L17 5';

export function createStatus(page) {
  const { store } = page;
  const status = h('span', { id: 'status', role: 'status' });
  const bar = h('i');
  const track = h('div', { class: 'track', hidden: true, 'aria-hidden': 'true' }, bar);
  const notice = h('div', { class: 'notice', role: 'alert', hidden: true });
  let timer = 0;

  function told() {
    const { busy, run, error, stale, edited } = store.data;
    clearTimeout(timer);
    const isLong = busy && performance.now() - busy.since > SOON_MS;
    if (busy && !isLong) timer = setTimeout(draw, SOON_MS);
    if (busy && isLong) return ['busy', [progressWords(busy)], progressWords(busy)];
    if (edited || (stale && !busy)) return ['warn', ['text changed: Run'], 'What is shown belongs to the text before. Enter runs this one.'];
    if (error && !run) return ['warn', ['failed'], error];
    if (!run || page.mode().name !== 'explore') return ['', [''], ''];
    if (run.modified.length) return ['warn', ['modified model'], [...run.modified, ...run.weights].join('; ')];
    if (run.approximate) return ['warn', ['approximate weights'], [...run.weights, run.parity].join('; ')];
    if (run.maps_only) return ['warn', ['maps only'], run.tier];
    if (run.exact) return ['good', [icon(TICK), 'exact'], `${run.tier}. ${run.parity}`];
    return ['warn', ['not compared'], run.parity];
  }

  function draw() {
    const { busy, error } = store.data;
    const [kind, words, title] = told();
    status.className = kind;
    status.title = title;
    put(status, words);
    track.hidden = kind !== 'busy';
    if (busy) bar.style.width = `${100 * (share(busy) ?? 0)}%`;
    notice.hidden = !error;
    if (error && notice.firstChild?.textContent !== error) {
      put(notice, h('span', {}, error), h('button', { type: 'button', class: 'icon', 'aria-label': 'Close', onclick: () => store.publish({ error: null }) }, '×'));
    }
  }

  return {
    status, track, notice,
    update(changed) {
      if (['busy', 'run', 'error', 'stale', 'edited', 'mode'].some((key) => changed.has(key))) draw();
    },
  };
}
