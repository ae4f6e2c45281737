// The text with its labels: legend, words, and what the pointer is on.

const toneOf = (group) => settings.series[group % settings.series.length];
// Labels beyond the palette share a colour with an earlier one, and get another line.
const LINES = ['solid', 'dashed', 'dotted', 'double'];
const strokeOf = (group) => LINES[Math.floor(group / settings.series.length) % LINES.length];

function toned(box, group) {
  box.dataset.group = group;
  if (group < 0) return;
  box.style.setProperty('--own', toneOf(group).fill);
  box.style.setProperty('--own-ink', toneOf(group).ink);
  box.style.setProperty('--line-style', strokeOf(group));
}

function showLegend() {
  const { groups, scheme } = now.labels;
  const order = groups.map((group, at) => ({ ...group, at })).filter(({ count }) => count || groups.length <= 12);
  order.sort((one, other) => (groups.length > 12 ? other.count - one.count : one.at - other.at));
  $('.legend').hidden = scheme === 'text';
  $('.legend').replaceChildren();
  for (const { name, count, at } of order) {
    const button = child($('.legend'), 'button', 'entry');
    button.type = 'button';
    button.disabled = !count;
    button.setAttribute('aria-pressed', 'false');
    toned(child(button, 'i', ''), at);
    child(button, 'span', 'name', name);
    child(button, 'span', 'count', count);
    button.addEventListener('click', () => showOnly(now.only === at ? -1 : at));
    toned(button, at);
  }
  const absent = groups.length - order.length;
  if (absent) child($('.legend'), 'span', 'absent', `and ${absent} labels that do not occur`);
}

function showOnly(group) {
  now.only = group;
  for (const entry of root.querySelectorAll('.legend .entry')) {
    entry.setAttribute('aria-pressed', String(Number(entry.dataset.group) === group));
  }
  for (const box of root.querySelectorAll('.text [data-group]')) {
    box.classList.toggle('is-dim', group >= 0 && Number(box.dataset.group) !== group);
  }
}

// ---- words

const wordId = (sentence, word) => `bench-${sentence}-${word}`;
const wordBox = (sentence, word) => $(`#${wordId(sentence, word)}`);
const wordAt = (sentence, word) => now.labels.sentences[sentence].words[word];

function showText() {
  const { sentences, entities, after } = now.labels;
  const box = $('.text');
  box.replaceChildren();
  box.dataset.scheme = now.labels.scheme;
  const starts = new Map(entities.map((entity) => [`${entity.sentence}.${entity.first}`, entity]));
  sentences.forEach(({ words }, sentence) => {
    let entity = null;
    let parent = box;
    words.forEach((word, at) => {
      if (entity && at === entity.stop) [entity, parent] = [null, box];
      parent.append(word.before);
      const starting = starts.get(`${sentence}.${at}`);
      if (starting) {
        entity = starting;
        parent = entityBox(box, entity);
      }
      fillWord(child(parent, 'span', 'word'), word, sentence, at);
      if (entity && at === entity.stop - 1) child(parent, 'b', 'tag', now.labels.groups[entity.group].name);
    });
  });
  box.append(after);
}

function entityBox(parent, entity) {
  const made = child(parent, 'span', 'entity');
  made.setAttribute('role', 'group');
  made.setAttribute('aria-label', `${now.labels.groups[entity.group].name}, probability ${fixed(entity.confidence)}`);
  made.style.setProperty('--sure', entity.confidence);
  toned(made, entity.group);
  return made;
}

function fillWord(box, word, sentence, at) {
  child(box, 'span', 'letters', word.text);
  box.id = wordId(sentence, at);
  Object.assign(box.dataset, { sentence, word: at });
  box.setAttribute('role', 'option');
  box.setAttribute('aria-selected', 'false');
  box.setAttribute('aria-label', spoken(wordSentence(word)));
  box.style.setProperty('--sure', word.confidence);
  if (now.labels.scheme === 'entities') return;
  toned(box, word.group);
  if (now.labels.scheme === 'words' && word.group >= 0) {
    box.classList.add('is-tagged');
    child(box, 'b', 'tag', word.tag);
  }
}

function wordSentence(word) {
  const sure = `probability ${fixed(word.confidence)}, next ${className(word.next)} ${fixed(word.confidence - word.margin)}, margin ${fixed(word.margin)}`;
  const text = word.text.length > 60 ? `${word.text.slice(0, 60)}…` : word.text;
  return `${quoted(text)}: ${island(word.tag)}, ${sure}`;
}

function read(word) {
  writeSentence($('.readout'), wordSentence(word ?? wordAt(now.sentence, now.word)));
}

function markChosen() {
  for (const box of root.querySelectorAll('.text [aria-selected="true"]')) box.setAttribute('aria-selected', 'false');
  const box = wordBox(now.sentence, now.word);
  box.setAttribute('aria-selected', 'true');
  $('.text').setAttribute('aria-activedescendant', box.id);
  read();
  return box;
}

function markUnsure() {
  const limit = Number($('.unsure input').value);
  $('.unsure output').textContent = limit ? limit.toFixed(2) : 'off';
  for (const box of root.querySelectorAll('.text .word')) {
    const { sentence, word } = box.dataset;
    box.classList.toggle('is-unsure', wordAt(sentence, word).confidence < limit);
  }
}

// ---- hands

const wordUnder = (event) => event.target.closest('.word');

$('.text').addEventListener('pointerover', (event) => {
  const box = wordUnder(event);
  if (box) read(wordAt(box.dataset.sentence, box.dataset.word));
});
$('.text').addEventListener('pointerleave', () => now.labels && read());
$('.text').addEventListener('click', (event) => {
  const box = wordUnder(event) ?? event.target.closest('.entity')?.querySelector('.word');
  if (box) choose(Number(box.dataset.sentence), Number(box.dataset.word));
});
$('.unsure input').addEventListener('input', markUnsure);

const LEFT_RIGHT = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 };

$('.text').addEventListener('keydown', (event) => {
  const step = LEFT_RIGHT[event.key];
  if (!step || !now.labels || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const boxes = [...root.querySelectorAll('.text .word')];
  const at = boxes.indexOf(wordBox(now.sentence, now.word)) + step;
  const { sentence, word } = boxes[Math.max(0, Math.min(boxes.length - 1, at))].dataset;
  choose(Number(sentence), Number(word), 250);
});
