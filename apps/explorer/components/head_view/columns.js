// The two columns of tokens. Tokens reach the page as text only.

function fillColumn(column, groups) {
  column.replaceChildren(...groups.map((group, index) => {
    const token = document.createElement('bdi');
    token.className = 'token';
    token.dataset.index = index;
    token.textContent = group.text;
    token.title = `${spread(group.start, group.stop - group.start)} ${group.text}`;
    return token;
  }));
}

// Shades the other side of the token in focus: the colour of the head that gives most, as strong as it gives.
function shadeColumns(queries, keys, { heads, size, colours, focus, pinned }) {
  for (const [side, column] of [['query', queries], ['key', keys]]) {
    [...column.children].forEach((token, index) => {
      const own = focus && focus.side === side && focus.index === index;
      token.classList.toggle('pointed', Boolean(own));
      token.classList.toggle('pinned', Boolean(pinned && pinned.side === side && pinned.index === index));
      token.style.background = '';
      delete token.dataset.weight;
      if (focus && focus.side !== side) shadeToken(token, index, { heads, size, colours, focus });
    });
  }
}

function shadeToken(token, index, { heads, size, colours, focus }) {
  const [query, key] = focus.side === 'query' ? [focus.index, index] : [index, focus.index];
  let best = { weight: 0 };
  for (const { head, weights } of heads) {
    const weight = weights[query * size + key];
    if (weight > best.weight) best = { head, weight };
  }
  if (!best.weight) return;
  token.dataset.weight = exactNumber(best.weight);
  token.style.background = `color-mix(in srgb, ${colours[best.head]} ${Math.round(70 * Math.sqrt(best.weight))}%, transparent)`;
}
