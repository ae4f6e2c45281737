// The chosen word: its classes as bars, its tokens as a table.

const WHERE = {
  first: 'Its tokens: the label is read at the first one; what the classifier says at the others is not used',
  last: 'Its tokens: the label is read at the last one; what the classifier says at the others is not used',
  mean: 'Its tokens: the label is the class with the highest mean of their logits',
};

function showWord(detail) {
  const { word, tag, margin, best, label_token } = detail;
  $('.where').textContent = WHERE[label_token];
  const whole = now.labels.scheme === 'text';
  const short = word.length > 80 ? `${word.slice(0, 80)}…` : word;
  const mended = className(best) === tag ? '' : ` (the most probable class is ${island(className(best))}; tags are told as BIO, where an entity begins with B-)`;
  const name = whole ? 'The whole text' : quoted(short);
  writeSentence($('.word h3'), `${name} is ${island(tag)}${mended}, margin ${fixed(margin)}`);
  showClasses(detail);
  const rows = detail.tokens.map(tokenRow);
  if (detail.left_out) rows.unshift(noteRow(`${detail.left_out} earlier tokens are left out`));
  $('.pieces tbody').replaceChildren(...rows);
  const scroll = $('.tall');
  const deciding = scroll.querySelector('.is-read');
  scroll.scrollTop = deciding ? deciding.offsetTop - scroll.clientHeight + 2 * deciding.offsetHeight : 0;
}

const groupOf = (at) => {
  const name = className(at);
  const cut = now.labels.scheme === 'entities' && name !== 'O' ? 2 : 0;
  return now.labels.groups.findIndex((group) => group.name === name.slice(cut));
};

function showClasses({ classes, others }) {
  const items = classes.map(({ at, prob, logit }) => {
    const item = document.createElement('li');
    toned(item, groupOf(at));
    child(item, 'span', 'who', className(at)).title = className(at);
    child(child(item, 'span', 'track'), 'span', 'fill').style.width = `${100 * prob}%`;
    child(item, 'span', 'number', fixed(prob)).title = exactNumber(Math.fround(prob));
    child(item, 'span', 'number part', fixed(logit, 2)).title = `logit ${exactNumber(Math.fround(logit))}`;
    return item;
  });
  if (others) {
    const rest = document.createElement('li');
    rest.className = 'rest';
    rest.textContent = `and ${others} less probable classes`;
    items.push(rest);
  }
  $('.classes').replaceChildren(...items);
}

function tokenRow({ position, piece, id, own, read, top, margin }) {
  const row = document.createElement('tr');
  row.classList.toggle('is-own', own);
  row.classList.toggle('is-read', own && read);
  child(row, 'td', 'number', position);
  child(row, 'td', 'piece', piece);
  child(row, 'td', 'number', id);
  const classes = child(row, 'td', 'tops');
  top.forEach(({ at, prob }, place) => {
    child(classes, 'span', place || !read ? 'minor' : '', `${className(at)} ${fixed(prob)}`).title = exactNumber(Math.fround(prob));
  });
  child(row, 'td', 'number', fixed(margin));
  if (read) row.title = 'the label of a word is read here';
  return row;
}

function noteRow(sentence) {
  const row = document.createElement('tr');
  child(row, 'td', 'note', sentence).colSpan = 5;
  return row;
}
