// The other mask: which labels it changes.

const MASKS = ['causal', 'bidirectional'];

function fillMask() {
  const { own } = now.labels;
  const current = now.mask === 'own' ? own : now.mask;
  $('.mask').replaceChildren();
  child($('.mask'), 'span', 'heading', 'mask');
  for (const mask of MASKS) {
    const button = child($('.mask'), 'button', '', mask === own ? `${mask} (its own)` : mask);
    button.type = 'button';
    button.setAttribute('aria-pressed', String(mask === current));
    button.addEventListener('click', () => useMask(mask === own ? 'own' : mask));
  }
}

function showMasks({ sentence, rows }) {
  const box = $('.differences');
  box.hidden = false;
  box.querySelector('.told').textContent = sentence;
  box.querySelector('ol').replaceChildren(...rows.map(maskItem));
  for (const { sentence: at, word } of rows) wordBox(at, word)?.classList.add('is-other');
}

function maskItem({ sentence, word, text, causal, bidirectional }) {
  const item = document.createElement('li');
  const button = child(item, 'button', 'one');
  button.type = 'button';
  button.addEventListener('click', () => choose(sentence, word));
  writeSentence(child(button, 'span', 'who'), quoted(text.length > 60 ? `${text.slice(0, 60)}…` : text));
  for (const [name, { tag, confidence }] of Object.entries({ causal, bidirectional })) {
    child(button, 'span', 'heading', name);
    const label = child(button, 'span', 'label', `${tag} ${fixed(confidence, 2)}`);
    toned(label, groupOf(now.labels.classes.indexOf(tag)));
  }
  return item;
}
