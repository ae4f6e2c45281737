// One cell in words: where it is, its top tokens, and the token that is followed. Tokens are anybody's text.

const fixed = (value) => value.toFixed(3).replace('-', '\u2212');
const share = (value) => (value >= 0.0005 || value === 0 ? value.toFixed(4) : value.toExponential(1));
const quoted = (token) => `\u201c${island(token)}\u201d`;

function createDetail(parts, follow) {
  function show(cell) {
    writeSentence(parts.where, `${cell.stream}, having read ${cell.position} ${quoted(cell.read)}`);
    parts.top.replaceChildren(...cell.top.map((token) => line(token, cell)));
    parts.spread.textContent = `entropy ${fixed(cell.entropy)} nats`;
    const { name, why, rank, logit, capped, probability } = cell.chosen;
    const numbers = `rank ${rank}, probability ${share(probability)}, logit ${fixed(logit)}, after the cap ${fixed(capped)}`;
    writeSentence(parts.followed, `${why} ${quoted(name)}: ${numbers}`);
  }

  function line({ name, logit, capped, probability }, cell) {
    const row = document.createElement('tr');
    row.classList.toggle('is-chosen', name === cell.chosen.name);
    const button = child(child(row, 'td', ''), 'button', '', name);
    button.type = 'button';
    button.title = `follow ${name} through all layers and positions`;
    button.addEventListener('click', () => follow(name));
    child(row, 'td', 'logit', fixed(logit)).title = exactNumber(logit);
    child(row, 'td', 'capped', fixed(capped)).title = exactNumber(capped);
    const last = child(row, 'td', 'probability', share(probability));
    last.title = exactNumber(probability);
    child(child(last, 'span', 'track'), 'span', 'fill').style.width = `${100 * probability}%`;
    return row;
  }

  // The same for those who do not see the page.
  const spoken = ({ stream, position, read, top }) =>
    `${stream}, position ${position}, ${read}: ${top[0].name}, probability ${share(top[0].probability)}`;

  return { show, spoken };
}
