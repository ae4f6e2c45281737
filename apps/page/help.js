// Help: what is what, the keys, and how programs ask the same.

import { createDialog } from './dialog.js';
import { h } from './dom.js';

const WORDS = [
  ['Map', 'Each row is a token that looks back (the query), each column one that is looked at (the key). The darker, the more attention. A row of probabilities adds up to 1.'],
  ['Stages', 'Raw: query times key, scaled. Softcap: squeezed into the cap by tanh. Mask: what may not be seen is gone. Probability: after the softmax. Contribution: the length of what is really written.'],
  ['Local, global', 'A local layer sees a window of the last tokens, a global layer all of them.'],
  ['Badges', 'What a head does on this text or on repeated random tokens, from its score: copies, looks one back, rests on the first token, spreads.'],
  ['exact', 'The numbers were compared with transformers’ eager Gemma 2 for this model; the largest difference is in the line under the tokens.'],
  ['Switch off', 'A head that is off writes nothing. The strip shows the next token before and after, the map what has changed, and a changed model is always said so.'],
];
const KEYS = [['s', 'save a figure'], ['p', 'present; Esc leaves'], ['?', 'this help'], ['Enter', 'in the text: run it'], ['Shift', 'Enter', 'in the text: a new line'], ['Alt', '↓', 'in the text: examples']];

export function createHelp(page) {
  let dialog = null;
  const keysOf = (hints) => hints.map((hint) => [h('dt', {}, hint.slice(0, -1).map((key) => h('kbd', {}, key))), h('dd', {}, hint.at(-1))]);

  return function open() {
    dialog ??= createDialog(page, 'Help', 'help');
    const address = new URL('./', document.baseURI).href;
    dialog.open(
      h('h2', {}, 'What is what'), h('dl', {}, (page.mode().words ?? WORDS).map(([word, meaning]) => [h('dt', {}, word), h('dd', {}, meaning)])),
      h('h2', {}, 'Keys'), h('dl', { class: 'keys' }, keysOf([...page.mode().hints, ...KEYS])),
      h('h2', {}, 'From a program'),
      h('pre', {}, `from gradio_client import Client\nClient("${address}").predict("red blue red", "tiny", api_name="/run")`),
      h('p', {}, 'The answer names the run; ', h('code', {}, 'attention/RUN/STAGE/LAYER/HEAD'), ' reads its maps. ',
        h('a', { href: `${address}gradio_api/info`, target: '_blank', rel: 'noopener' }, 'All endpoints'), `. Version ${page.settings.version}.`),
    );
  };
}
