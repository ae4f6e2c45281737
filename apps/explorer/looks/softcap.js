// The softcap: the logits of the chosen head on c tanh(a / c), the cap under the curve, and what another cap changes,
// which is always run. The left column shows all heads, the right one what comes next.

import { latest } from '../../page/ask.js';
import { h, put } from '../../page/dom.js';
import { layerGlyph } from '../heads/badges.js';
import { anyOf, placeOf } from '../place.js';
import { createCurve } from './softcap_curve.js';
import { createSaturation } from './softcap_grid.js';
import { createCapMaps } from './softcap_maps.js';
import { createCapSide } from './softcap_side.js';
import { createCapSlider } from './softcap_slider.js';
import { capName, openingCap } from './softcap_words.js';

// Chosen from the menu it opens with a cap that shows its point, at the head with the largest logit.
function opens({ selection, data: { run } }) {
  if (!run?.saturated || selection.cap !== null) return {};
  const [layer, head, largest] = run.saturated;
  return { cap: openingCap(largest), head: selection.head ?? `L${layer}H${head}` };
}

const steps = { next: null }; // of the slider that is on the page
const step = (by) => () => steps.next?.(by);

export const softcap = {
  name: 'softcap', title: 'Softcap', opens, create: createSoftcap,
  keys: { '+': step(1), 'Shift++': step(1), '=': step(1), '-': step(-1) },
  hints: [['←', '→', '↑', '↓', 'head'], ['+', '−', 'cap'], ['r', 'restore'], ['p', 'present']],
};

const FORMULA = '<math><mi>s</mi><mo>=</mo><mi>c</mi><mo>·</mo><mi>tanh</mi><mo>(</mo><mi>a</mi><mo>/</mo><mi>c</mi><mo>)</mo></math>';

function createSoftcap(page, box) {
  const { store } = page;
  const [title, about, note, curveBox, maps, legend] = [h('h2'), h('span', { class: 'about' }), h('p', { class: 'note t16', role: 'status' }), h('div', { class: 'curve-of' }), h('div', { class: 'cap-maps' }), h('div', { class: 'cap-legend' })];
  const formula = h('span', { class: 'formula' });
  formula.innerHTML = FORMULA; // ours, no text of a reader
  const slider = createCapSlider((cap) => store.select({ cap }, { push: false }));
  steps.next = slider.step;
  put(box, h('div', { class: 'title' }, title, about, h('span', { class: 'grow' }), formula), note, curveBox, slider.box, maps, legend);
  box.classList.add('softcap');
  const left = h('section', { class: 'softcap-heads', 'aria-label': 'Heads and the cap' });
  const right = h('aside', { class: 'softcap-side', 'aria-label': 'What the cap changes' });
  box.closest('.columns').append(left, right);
  const parts = { curve: createCurve(page, curveBox), maps: createCapMaps(page, maps, legend), grid: createSaturation(page, left), side: createCapSide(page, right) };
  const [aboutRun, aboutHead, aboutModel] = [latest(), latest(), latest()];
  const known = { saturation: null, logits: null, final: null, of: null };

  const fail = (error) => error.name !== 'AbortError' && put(note, error.message);

  async function readRun() {
    const { id } = store.data.run;
    Object.assign(known, { saturation: null, logits: null, final: null, of: id });
    put(note, 'Counting the logits of all heads…');
    aboutModel.ask('changeable', { run: id }).then(({ final }) => { known.final = final; draw(); }, () => {});
    try {
      known.saturation = await aboutRun.ask('saturation', { run: id }, { progress: ({ done, of }) => put(note, `Counting the logits: layer ${done} of ${of}`) });
      put(note);
      draw();
    } catch (error) {
      fail(error);
    }
  }

  async function readHead() {
    const { run, pair } = store.data;
    const { layer, head } = placeOf(store);
    try {
      known.logits = await aboutHead.ask('logits', { run: pair?.id ?? run.id, layer, head });
      draw();
    } catch (error) {
      fail(error);
    }
  }

  function draw() {
    const { run, pair } = store.data;
    const { selection } = store;
    const { name, layer } = placeOf(store);
    const { kind, softcap: own } = run.layers[layer];
    const now = selection.cap === null ? own : selection.cap === 'off' ? null : Number.parseFloat(selection.cap);
    put(title, name.replace('H', ' H'));
    const counts = known.logits ? [`${known.logits.cells.toLocaleString('en')} logits${known.logits.beyond === null ? '' : `, ${known.logits.beyond.toLocaleString('en')} beyond the cap`}`] : [];
    put(about, h('span', { class: 'kind' }, layerGlyph(kind), kind), h('span', { class: 'm' }, counts));
    slider.draw(own, selection.cap);
    if (known.logits) parts.curve.draw(known.logits);
    parts.maps.draw([capName(own), pair ? capName(selection.cap ?? own) : capName(own), 'after − before']);
    if (known.saturation) parts.grid.draw(known.saturation, now);
    parts.side.draw({ answer: known.saturation, own, finalOwn: known.final });
  }

  return {
    update(changed) {
      const { run } = store.data;
      if (!run) return;
      if (known.of !== run.id) readRun();
      if (anyOf(changed, 'run', 'head')) known.logits = null;
      if (anyOf(changed, 'run', 'pair', 'head')) readHead();
      if (anyOf(changed, 'run', 'pair', 'head', 'query', 'key', 'row', 'cap', 'finalCap', 'off', 'window', 'causal', 'saturation', 'theme', 'size')) draw();
    },
  };
}
