// Why one label rather than another: the question, what colours the sentence, and what was found, in words.

function fillQuestion({ best, next }) {
  const chosen = { label: now.label < 0 ? best : now.label, against: now.against };
  if (chosen.against < 0 || chosen.against === chosen.label) chosen.against = chosen.label === best ? next : best;
  for (const [name, at] of Object.entries(chosen)) {
    const select = $(`.question .${name}`);
    const options = now.labels.classes.map((text, index) => {
      const option = document.createElement('option');
      option.value = index;
      option.textContent = text;
      option.disabled = name === 'against' && index === chosen.label;
      return option;
    });
    select.replaceChildren(...options);
    select.value = at;
  }
  return chosen;
}

function fillMethods() {
  const choices = [...Object.entries(settings.methods).map(([method, name]) => ({ method, name })), { name: 'without each word' }];
  $('.method').replaceChildren();
  for (const { method, name } of choices) {
    const button = child($('.method'), 'button', '', capital(name));
    button.type = 'button';
    button.dataset.paint = method ?? 'removal';
    button.addEventListener('click', () => (method ? useMethod(method) : usePaint('removal')));
  }
}

function markMethod() {
  const pressed = now.paint === 'saliency' ? now.method : now.paint;
  for (const button of $('.method').children) button.setAttribute('aria-pressed', String(button.dataset.paint === pressed));
}

// What colours the sentence now, and what that means.
function paintSentence() {
  const { saliency, removals, paint } = now;
  if (!saliency) return;
  markMethod();
  const { tokens, read, words, label, against } = saliency;
  const [mine, other] = [className(label), className(against)];
  if (paint === 'removal') {
    if (!removals) return;
    const effects = new Map(removals.rows.map((row) => [row.word, row.effect]));
    const changed = new Set(removals.rows.filter((row) => row.changed).map((row) => row.word));
    const values = words.map((word) => effects.get(word) ?? null);
    const crossed = [...words.keys()].filter((at) => changed.has(words[at]));
    const titles = values.map((value, at) => `${at} ${tokens[at]}${value === null ? '' : `: without its word the score falls by ${signed(value)}`}`);
    paintStrip({ tokens, read, values, kind: 'diverging', titles, crossed });
    writeSentence($('.meaning'), `Red: the score for ${island(mine)} falls when this word is taken out. Blue: it rises. Struck through: the label changes.`);
    return;
  }
  if (paint !== 'saliency') {
    if (!now.heads) return;
    const weights = weightsOf(paint.layer, paint.head);
    const titles = weights.map((value, at) => `${at} ${tokens[at]}: attention ${exactNumber(Math.fround(value))}`);
    paintStrip({ tokens, read, values: weights, kind: 'sequential', titles });
    writeSentence($('.meaning'), `Where ${placesNamed(tokens, read)}, at which the label is read, looks in layer ${paint.layer}, head ${paint.head}: its attention sums to 1.`);
    return;
  }
  const titles = saliency.values.map((value, at) => `${at} ${tokens[at]}: ${exactNumber(Math.fround(value))}`);
  paintStrip({ tokens, read, values: saliency.values, kind: 'diverging', titles });
  writeSentence($('.meaning'), `Red speaks for ${island(mine)}, blue for ${island(other)}. ${saliency.meaning}`);
}

// The score in words; above 0 the first label wins.
function scoreWords({ label, against, score, tokens, read }) {
  const [mine, other] = [className(label), className(against)];
  return `The score is the logit of ${island(mine)} minus that of ${island(other)} at ${placesNamed(tokens, read)}: ${signed(score)}, so ${island(score > 0 ? mine : other)} is ahead by a factor of ${plain(Math.exp(Math.abs(score)).toPrecision(3))}.`;
}

function showSaliency(saliency) {
  now.saliency = saliency;
  for (const box of [$('.found'), $('.why > .told')]) box.classList.remove('is-stale');
  writeSentence($('.why > .told'), scoreWords(saliency));
  paintSentence();
}

function showRemovals(removals) {
  now.removals = removals;
  const { rows, sentence } = removals;
  const changed = rows.filter((row) => row.changed);
  const ranked = [...rows].sort((one, other) => other.changed - one.changed || Math.abs(other.effect) - Math.abs(one.effect));
  const most = largestEffect(rows.map((row) => row.effect));
  $('.removals .told').textContent = sentence;
  $('.removals ol').replaceChildren(...ranked.slice(0, 10).map((row) => removalItem(row, most)));
  // A text that has one label is one word here.
  const isWhole = now.labels.scheme === 'text';
  for (const { word } of isWhole ? [] : changed) wordBox(now.sentence, word).classList.add('is-decisive');
  if (now.paint === 'removal') paintSentence();
}

function removalItem({ word, text, read, tag, effect, score, confidence, changed }, most) {
  const item = document.createElement('li');
  item.classList.toggle('is-changed', changed);
  item.dataset.word = word;
  item.title = read;
  writeSentence(child(item, 'span', 'who'), `without ${quoted(text)}`);
  effectBar(item, effect, most);
  child(item, 'span', 'number', signed(effect)).title = `score without it ${exactNumber(Math.fround(score))}`;
  writeSentence(child(item, 'span', 'after'), `${changed ? '→ ' : ''}${island(tag)} ${fixed(confidence, 2)}`);
  return item;
}

// A bar from the middle: to the right what speaks for the label, to the left what speaks against it.
function effectBar(parent, effect, most) {
  const bar = child(parent, 'span', 'effect');
  const fill = child(bar, 'span', effect < 0 ? 'fill is-against' : 'fill');
  fill.style.width = `${(50 * Math.abs(effect)) / most}%`;
  return bar;
}
