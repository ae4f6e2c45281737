// What the bench shows, how it asks the server, and which answers still count.

const $ = (selector) => element.querySelector(selector);
const root = $('.bench');
const now = {
  text: null, // that is labelled, and by which model
  model: null,
  mask: 'own',
  labels: null, // the server's answer about the whole text
  sentence: 0, // the word that is chosen
  word: 0,
  label: -1, // the two labels that are weighed; -1: the best, and the best of the others
  against: -1,
  method: 'integrated_gradients',
  paint: 'saliency', // what colours the sentence: saliency, removal, or a head as {layer, head}
  only: -1, // the label that the legend shows alone
  detail: null, // answers about the word
  saliency: null,
  heads: null,
  removals: null,
};

const percent = (share) => `${(100 * share).toFixed(1)}%`;
const fixed = (value, digits = 3) => value.toFixed(digits).replace('-', '−');
const signed = (value) => (Math.abs(value) < 0.005 ? '0.00' : (value > 0 ? '+' : '') + fixed(value, 2));
const quoted = (text) => `“${island(text)}”`;
// The tokens where a label is read: one, or all of a word where it is the mean over them.
const placesNamed = (tokens, read) => (read.length > 1 ? 'the mean of ' : '') + read.map((at) => quoted(tokens[at])).join(', ');
const className = (at) => now.labels.classes[at];

function say(state, sentence) {
  root.dataset.state = state;
  $('.notice').textContent = sentence;
  $('.notice').hidden = !sentence;
  publish();
}

// For tests and other scripts of the page, as a property of the element: read only.
function publish() {
  const { text, model, mask, sentence, word, label, against, method, paint } = now;
  const { layer = -1, head = -1 } = paint;
  const asked = { text, model, mask, sentence, word, label, against, method, layer, head };
  const has = (part) => now[part] !== null;
  const parts = ['labels', 'detail', 'saliency', 'heads', 'removals'].filter(has);
  root.bench = { ...asked, paint, parts, state: root.dataset.state };
  return asked;
}

const answers = new Map(); // question as JSON -> promise of its answer; the oldest goes first
const MOST_ANSWERS = 100;

// An error that the server tells in a sentence is thrown as one; any other means that nobody answered.
async function fetched(question) {
  let answer;
  try {
    answer = await server.ask(question);
  } catch {
    throw new Error('the server does not answer: see that it is running, then try again');
  }
  if (answer.error) throw new Error(answer.error);
  return answer;
}

function ask(about, more = {}) {
  const { text, model, mask } = now;
  const question = { about, text, model, mask, ...more };
  const key = JSON.stringify(question);
  if (!answers.has(key)) {
    const coming = fetched(question);
    coming.catch(() => answers.delete(key));
    answers.set(key, coming);
    if (answers.size > MOST_ANSWERS) answers.delete(answers.keys().next().value);
  }
  return answers.get(key);
}

// ---- the address: a copied address brings back the word, the two labels, the method and the mask

function writeAddress() {
  const url = new URL(location.href);
  const values = {
    label_word: `${now.sentence}.${now.word}`,
    label_for: now.label < 0 ? null : className(now.label),
    label_against: now.against < 0 ? null : className(now.against),
    label_method: now.method === 'integrated_gradients' ? null : now.method,
    label_mask: now.mask === 'own' ? null : now.mask,
  };
  for (const [name, value] of Object.entries(values)) {
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  if (url.href !== location.href) history.replaceState(null, '', url);
}

function wantedPlace() {
  const query = new URL(location.href).searchParams;
  const [sentence, word] = (query.get('label_word') ?? '').split('.').map(Number);
  return { query, sentence, word };
}
