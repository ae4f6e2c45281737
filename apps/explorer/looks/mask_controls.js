// "Change the situation": every control of the lab, closed until somebody wants it.

import { h, put, segments } from '../../page/dom.js';
import { changed, fieldsOf } from './mask_situation.js';

const MOST = { tokens: 96, padding: 16, chunk: 32, decode: 16, spare: 16, section: 32 };

export function createControls(page) {
  const { store } = page;
  const { lessons } = page.settings.explore;
  const change = (patch) => store.select({ ...changed(lessons, store.selection, patch), pass: 0 });

  function slider(name, label, low) {
    const number = h('b', { class: 't20' });
    const input = h('input', { type: 'range', min: String(low), step: '1', 'aria-label': label, oninput: () => change({ [name]: input.valueAsNumber }) });
    return { name, input, number, box: h('label', { class: 'slide' }, h('span', {}, label), number, input) };
  }

  function choice(name, label, options, choose = (value) => change({ [name]: value })) {
    const box = h('div', {});
    const show = segments(box, label, options.map(([value, said]) => ({ value, label: said })), choose);
    return { name, show, box: h('div', { class: 'choice' }, h('span', {}, label), box) };
  }

  const sliders = [
    slider('tokens', 'Positions', 1), slider('window', 'Window of a local layer', 1), slider('section', 'Chunk of a chunked layer', 1), slider('packed', 'A second text from (0: none)', 0), slider('prefix', 'Prefix that sees all of itself (0: none)', 0), slider('padding', 'Padding', 0),
    slider('decode', 'New tokens with a cache', 0), slider('chunk', 'Prompt in parts of (0: whole)', 0), slider('spare', 'Spare slots', 0),
  ];
  const bools = { true: true, false: false };
  const choices = [
    choice('named', 'Named by', [['text', 'the text'], ['positions', 'numbers']], (named) => store.select({ named })),
    choice('causal', 'Sees', [['true', 'earlier'], ['false', 'both sides']], (value) => change({ causal: bools[value] })),
    choice('side', 'Padding on the', [['left', 'left'], ['right', 'right']]),
    choice('cache', 'Cache', [['dynamic', 'growing'], ['static', 'static'], ['none', 'none']]),
  ];
  const of = (name) => [...sliders, ...choices].find((control) => control.name === name).box;
  const box = h('details', { class: 'situation' }, h('summary', {}, 'Change the situation'));
  const body = h('div', { class: 'controls-of' });
  put(body, ['tokens', 'window', 'section', 'named', 'causal', 'padding', 'side', 'decode', 'chunk', 'cache', 'spare', 'packed', 'prefix'].map(of));
  box.append(body);

  return {
    box,
    // Plus and minus move the window.
    widen(by) {
      const { window } = fieldsOf(lessons, store.selection);
      if (window + by >= 1) change({ window: window + by });
    },
    draw(run) {
      const fields = fieldsOf(lessons, store.selection);
      const tokens = store.selection.named === 'text' && run ? Math.min(MOST.tokens, run.tokens.length) : MOST.tokens;
      const most = { ...MOST, tokens, window: Math.max(16, fields.tokens + fields.padding), decode: Math.min(MOST.decode, fields.tokens - 1), packed: fields.tokens - 1, prefix: fields.tokens - fields.decode };
      for (const { name, input, number } of sliders) {
        input.max = String(most[name]);
        input.value = String(fields[name]);
        input.disabled = !fields.causal && ['decode', 'chunk'].includes(name);
        put(number, String(Math.min(fields[name], most[name])));
      }
      for (const { name, show } of choices) show(String(name === 'named' ? store.selection.named : fields[name]));
      of('side').hidden = fields.padding === 0;
      of('spare').hidden = fields.cache !== 'static' || !fields.causal;
      of('cache').hidden = !fields.causal;
      of('named').hidden = !run;
      const kinds = run?.layers.map(({ kind }) => kind) ?? ['local'];
      of('window').hidden = !kinds.includes('local');
      of('section').hidden = !kinds.includes('chunked');
      of('packed').hidden = fields.padding + fields.decode + fields.chunk > 0 || kinds.includes('linear') || fields.prefix > 0;
      of('prefix').hidden = !fields.causal || fields.packed + fields.chunk > 0;
    },
  };
}
