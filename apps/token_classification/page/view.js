// The bench, put together. Gradio runs this once per mount with `element`, `trigger`, `props`, `server` and `watch`;
// the files before this one are part of the same function.

let wanted = null; // the text that is to be labelled as soon as the bench is on screen
let ticket = 0; // of the labels that are asked for
let speaking = null;

const isShown = () => root.clientWidth > 0;

// The live region says only what has lasted.
function speak(sentence) {
  clearTimeout(speaking);
  speaking = setTimeout(() => { $('.live').textContent = spoken(sentence); }, 500);
}

function receive() {
  const { value } = props;
  if (!value?.serial) return say('empty', settings.empty);
  const mask = value.model === now.model ? now.mask : 'own';
  wanted = { text: value.text, model: value.model, mask };
  return labelWhenShown();
}

function labelWhenShown() {
  if (!wanted || !isShown()) return;
  const next = wanted;
  wanted = null;
  label(next);
}

// Labels of a text. If it cannot be labelled, a sentence says why and what was shown stays.
async function label(next) {
  ticket += 1;
  const mine = ticket;
  const before = { text: now.text, model: now.model, mask: now.mask };
  const place = now.labels ? {} : wantedPlace();
  const named = place.query?.get('label_mask');
  const mask = MASKS.includes(named) ? named : next.mask;
  const asked = { text: next.text, model: next.model, mask };
  root.setAttribute('aria-busy', 'true');
  if (now.labels) root.dataset.state = 'busy';
  try {
    const labels = await ask('labels', asked);
    if (mine !== ticket) return;
    Object.assign(now, asked, { labels });
    const same = before.text === now.text;
    if (!same || before.model !== now.model) Object.assign(now, { label: -1, against: -1 });
    say('ready', '');
    showLabels(same, place);
  } catch (error) {
    if (mine === ticket) say(now.labels ? 'failed' : 'nothing', error.message);
  } finally {
    if (mine === ticket) root.removeAttribute('aria-busy');
  }
}

function showLabels(same, place) {
  const { kind, sentences, entities, model, modified, remarks } = now.labels;
  const words = sentences.reduce((sum, sentence) => sum + sentence.words.length, 0);
  const many = (count, name, several = `${name}s`) => `${count} ${count === 1 ? name : several}`;
  const found = { text: 'one label for the whole text', words: many(words, 'word'), entities: `${many(words, 'word')}, ${many(entities.length, 'entity', 'entities')}` };
  writeSentence($('.facts'), `${island(model)} · ${found[now.labels.scheme]}`);
  $('.modified').textContent = modified.length ? `modified model: ${modified.join('; ')}` : '';
  $('.remarks').hidden = !remarks.length;
  $('.remarks').textContent = remarks.map((remark) => `Note: ${remark}.`).join(' ');
  fillMask();
  showLegend();
  showText();
  showOnly(-1);
  markUnsure();
  Object.assign(now, placeOf(same, place));
  $('.hints').hidden = $('.readout').hidden = kind === 'sequence';
  compareMasks();
  choose(now.sentence, now.word);
}

// The word to start with: that of the address, else the one that was chosen, else the first entity.
function placeOf(same, { query, sentence, word }) {
  const { sentences, entities, classes } = now.labels;
  const has = (place) => sentences[place.sentence]?.words[place.word];
  const named = (name) => classes.indexOf(query?.get(name));
  const labels = query ? { label: named('label_for'), against: named('label_against') } : {};
  if (query?.get('label_method') in settings.methods) labels.method = query.get('label_method');
  if (query && has({ sentence, word })) return { sentence, word, ...labels };
  if (same && has(now)) return { ...labels };
  const first = entities[0] ?? { sentence: 0, first: 0 };
  return { sentence: first.sentence, word: first.first, ...labels, label: -1, against: -1 };
}

async function compareMasks() {
  const mine = ticket;
  $('.differences').hidden = true;
  if (now.mask === 'own') return;
  try {
    const masks = await ask('masks', { mask: 'own' });
    if (mine === ticket) showMasks(masks);
  } catch (error) {
    if (mine === ticket) say('failed', error.message);
  }
}

// ---- hands

$('.patience').addEventListener('click', () => {
  patient = now.model;
  explainAfter(0);
});

function usePaint(paint) {
  now.paint = paint;
  markHead();
  paintSentence();
  trigger('select', { asked: publish() });
}

function useHead(layer, head) {
  const isShown = now.paint.layer === layer && now.paint.head === head;
  usePaint(isShown ? 'saliency' : { layer, head });
}

function useMethod(method) {
  now.paint = 'saliency';
  markHead();
  if (now.method === method && now.saliency) return usePaint('saliency');
  now.method = method;
  return explainAfter(0);
}

function useMask(mask) {
  if (mask !== now.mask) label({ text: now.text, model: now.model, mask });
}

for (const name of ['label', 'against']) {
  $(`.question .${name}`).addEventListener('change', (event) => {
    now[name] = Number(event.target.value);
    if (now.label === now.against) now.against = -1;
    explainAfter(0);
  });
}

watchPage(root, labelWhenShown, () => {
  paintSentence();
  if (now.heads) showGrid(now.heads.effects);
});

fillMethods();
watch('value', receive);
receive();
