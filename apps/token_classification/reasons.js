// The explanations of where the reader is, one after the other, the quick ones first; a new place breaks the old ones off.
// In between comes the one sentence of each entity of the list.

import { headOf } from '../page/selection.js';
import { listOf, placeOf, questionOf } from './place.js';

export const SHOWS = { out: 'leave_one_out', grad: 'saliency', heads: 'heads', look: 'attention', masks: 'masks' };
const LAST = 'faithfulness';
const CANCELLED = 'Cancelled: Run asks again.';
const MOST_KEPT = 400;
const MOST_LISTED = 12;
const SLOW_MS = 4000; // reasons that take longer are worked out only where somebody asks

// Publishes `reasons` {classes, leave_one_out, heads, ...: an answer or {error}} and `because` {first word: answer}.
export function createReasons(page) {
  const { store } = page;
  const kept = new Map();
  let controller = null;
  let key = '';

  function wanted() {
    const place = placeOf(store);
    const { how, per, head } = store.selection;
    const question = questionOf(place, store.selection);
    const why = (show, options = {}) => ['why', { ...question, show, ...options }];
    const chosen = headOf(head);
    const methods = {
      out: why('leave_one_out'),
      grad: why('saliency', { per }),
      heads: why('heads'),
      look: why('attention', how === 'look' && chosen ? chosen : {}),
      masks: why('masks'),
    };
    const classes = ['classes', { model: question.model, text: question.text, word: place.isWhole ? 0 : place.word }];
    return new Map([
      ['classes', classes], [SHOWS.out, methods.out], [SHOWS[how], methods[how]], [SHOWS.heads, methods.heads],
      [LAST, why('faithfulness')],
    ]);
  }

  async function answered(about, question, signal) {
    const name = JSON.stringify([about, question]);
    if (!kept.has(name)) {
      const answer = await page.ask(about, question, { signal });
      if (kept.size >= MOST_KEPT) kept.clear();
      kept.set(name, answer);
    }
    return kept.get(name);
  }

  const known = (about, question) => kept.get(JSON.stringify([about, question]));

  async function load() {
    const asked = wanted();
    const now = JSON.stringify([...asked]);
    if (now === key) return;
    key = now;
    controller?.abort();
    const own = controller = new AbortController();
    const found = Object.fromEntries([...asked].map(([name, question]) => [name, known(...question)]).filter(([, answer]) => answer));
    store.publish({ reasons: found });
    for (const [name, question] of asked) {
      if (name === LAST) await list(own);
      if (own !== controller || own.signal.aborted) return;
      if (store.data.reasons[name]) continue;
      const answer = await answered(...question, own.signal).catch((error) => (error.name === 'AbortError' ? null : { error: error.message }));
      if (own !== controller || own.signal.aborted) return;
      store.publish({ reasons: { ...store.data.reasons, [name]: answer } });
    }
  }

  // The sentences of the list, as long as they come quickly.
  async function list(own) {
    const place = placeOf(store);
    for (const entry of listOf(place, store.selection.type, place.labels.tagged ? MOST_LISTED : 0).shown) {
      if (store.data.because?.[entry.first]) continue;
      const since = performance.now();
      const question = { ...questionOf({ ...place, entity: entry, first: entry.first }), show: 'leave_one_out' };
      const answer = await answered('why', question, own.signal).catch(() => null);
      if (!answer || own !== controller || own.signal.aborted) return;
      store.publish({ because: { ...store.data.because, [entry.first]: answer } });
      if (performance.now() - since > SLOW_MS) return;
    }
  }

  // What is still missing says that it was cancelled, until the reader goes somewhere.
  function cancel() {
    controller?.abort();
    const missing = [...wanted().keys()].filter((name) => !store.data.reasons[name]);
    store.publish({ reasons: { ...store.data.reasons, ...Object.fromEntries(missing.map((name) => [name, { error: CANCELLED }])) } });
  }

  return {
    cancel,
    update(changed) {
      if (changed?.has('labels')) {
        key = ''; // what failed is asked again
        store.publish({ because: {} });
      }
      load();
    },
  };
}
