// The formula of each stage, set in MathML.

const SPACE = 'http://www.w3.org/1998/Math/MathML';

function m(tag, ...children) {
  const element = document.createElementNS(SPACE, tag);
  element.append(...children);
  return element;
}

const i = (name) => m('mi', name);
const o = (sign) => m('mo', sign);
const n = (number) => m('mn', String(number));
const row = (...children) => m('mrow', ...children);
const at = (base, ...names) => m('msub', i(base), row(...names.map(i)));
const power = (base, exponent) => m('msup', i(base), exponent);

// What a query sees: everything before it, at most a window of it, or all.
function visible({ window }, causal) {
  if (!causal) return row(i('k'));
  if (!window) return row(i('k'), o('≤'), i('i'));
  return row(i('i'), o('−'), n(window), o('<'), i('k'), o('≤'), i('i'));
}

const capped = (softcap) => (softcap
  ? row(at('s', 'i', 'j'), o('='), n(softcap), i('tanh'), o('('), at('a', 'i', 'j'), o('/'), n(softcap), o(')'))
  : row(at('s', 'i', 'j'), o('='), at('a', 'i', 'j')));

const FORMULAS = {
  attn_logits: () => row(at('a', 'i', 'j'), o('='), at('q', 'i'), o('·'), at('k', 'j'), o('/'), m('msqrt', i('d'))),
  attn_scores: ({ softcap }) => capped(softcap),
  attn_masked: (layer, causal) => row(at('s', 'i', 'j'), m('mtext', '\u00a0where\u00a0'), visibleKey(layer, causal)),
  attn_probs(layer, causal) {
    const sum = [m('munder', o('∑'), visible(layer, causal)), power('e', at('s', 'i', 'k'))];
    const whole = layer.sinks ? [o('('), power('e', m('mtext', 'sink')), o('+'), ...sum, o(')')] : sum;
    return row(at('p', 'i', 'j'), o('='), power('e', at('s', 'i', 'j')), o('/'), ...whole);
  },
  contribution: () => row(o('‖'), at('p', 'i', 'j'), at('W', 'O'), at('v', 'j'), o('‖')),
};

function visibleKey({ window }, causal) {
  if (!causal) return row(i('i'), m('mtext', ' sees '), i('j'));
  if (!window) return row(i('j'), o('≤'), i('i'));
  return row(i('i'), o('−'), n(window), o('<'), i('j'), o('≤'), i('i'));
}

// The formula of a stage in a layer {window, softcap}, or that of an aggregate.
export function formulaOf(stage, layer, causal) {
  const math = m('math', FORMULAS[stage](layer, causal));
  return math;
}

// Attention rollout (Abnar and Zuidema 2020).
export function rolloutFormula() {
  const half = (matrix) => row(m('mfrac', n(1), n(2)), o('('), matrix, o('+'), i('I'), o(')'));
  return m('math', row(i('R'), o('='), m('munder', o('∏'), i('l')), half(at('P', 'l'))));
}
