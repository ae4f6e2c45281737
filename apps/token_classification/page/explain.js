// One word, and why it has its label: asked for part by part; an answer that is late for its word is dropped.

let turn = 0; // of the reasons that are asked for
let later = null; // a word that is shown once the keys have rested
let patient = null; // the slow model whose reasons the reader waits for

function choose(sentence, word, wait = 0) {
  const moved = sentence !== now.sentence || word !== now.word;
  Object.assign(now, { sentence, word });
  if (moved) Object.assign(now, { label: -1, against: -1, paint: 'saliency' });
  const box = markChosen();
  if (moved) box.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  explainAfter(wait);
}

function explainAfter(wait) {
  turn += 1;
  clearTimeout(later);
  if (wait) later = setTimeout(explain, wait);
  else explain();
}

// The word, then the reasons one after another; an answer that is late for its word is dropped.
async function explain() {
  turn += 1;
  const mine = turn;
  const late = () => mine !== turn;
  Object.assign(now, { detail: null, saliency: null, heads: null, removals: null });
  publish();
  $('.why').setAttribute('aria-busy', 'true');
  for (const box of [$('.found'), $('.why > .told')]) box.classList.add('is-stale');
  for (const box of root.querySelectorAll('.text .is-decisive')) box.classList.remove('is-decisive');
  const { sentence, word } = now;
  try {
    const detail = await ask('word', { sentence, word });
    if (late()) return;
    now.detail = detail;
    showWord(detail);
    const weighed = { sentence, word, ...fillQuestion(detail) };
    writeAddress();
    trigger('select', { asked: publish() });
    if (asksFirst()) return;
    const parts = [
      ['saliency', { ...weighed, method: now.method }, showSaliency],
      ['removals', weighed, showRemovals],
      ['heads', weighed, showHeads],
    ];
    for (const [about, question, show] of parts) {
      const answer = await ask(about, question);
      if (late()) return;
      show(answer);
      publish();
    }
    speak(wordSentence(wordAt(sentence, word)));
  } catch (error) {
    if (late()) return;
    $('.found').hidden = !now.saliency;
    say('failed', error.message);
  } finally {
    if (!late()) $('.why').removeAttribute('aria-busy');
  }
}

// Reasons that take long are worked out when the reader wants them, and from then on for this model.
const LONGEST_MINUTES = 0.5;
// Nobody waits for more, and all other readers of the server would have to.
const MOST_MINUTES = 10;

function asksFirst() {
  const { minutes } = now.labels;
  const isTooLong = minutes > MOST_MINUTES;
  const isLong = isTooLong || (minutes > LONGEST_MINUTES && patient !== now.model);
  $('.patience').hidden = !isLong;
  $('.found').hidden = isLong;
  if (isLong) {
    const time = `about ${Math.ceil(minutes)} ${minutes > 1 ? 'minutes' : 'minute'}`;
    $('.patience').hidden = isTooLong;
    $('.patience').textContent = `Work them out (${time})`;
    $('.why > .told').textContent = isTooLong
      ? `The reasons would take ${time} on this machine: the sentence is too long for this model. Split it, or take a smaller model.`
      : 'For a sentence of this length this model is slow on this machine, so the reasons are not worked out unasked.';
  }
  return isLong;
}
