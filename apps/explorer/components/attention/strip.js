// The text as a strip of tokens: point at one to isolate its row or column, click to pin it.

const MOST_TOKENS = 1024; // more elements than this make every repaint slow

function createStrip(list, prefix, handlers) {
  let first = 0;
  let spans = [];
  let painted = []; // what each token shows, so that a repaint touches only what changed

  function clear() {
    spans = [];
    list.scrollTop = 0;
  }

  // Shows the tokens, or as many of a long text as there may be around position `middle`.
  function show(tokens, middle) {
    const start = Math.round(middle - MOST_TOKENS / 2);
    const wanted = Math.max(0, Math.min(tokens.length - MOST_TOKENS, start));
    // New elements are slow: move on only when the middle nears an end of what is there.
    if (spans.length && Math.abs(wanted - first) < MOST_TOKENS / 4) return;
    fill(tokens, wanted);
  }

  function fill(tokens, start) {
    first = start;
    spans = tokens.slice(start, start + MOST_TOKENS).map((token, at) => tokenSpan(token, start + at, prefix));
    painted = new Array(spans.length).fill('');
    list.replaceChildren(...spans);
    list.removeAttribute('aria-activedescendant');
  }

  const indexOf = (event) => {
    const span = event.target.closest('[data-token]');
    return span ? Number(span.dataset.token) : null;
  };

  list.addEventListener('pointerover', (event) => handlers.point(indexOf(event)));
  list.addEventListener('pointerleave', () => handlers.point(null));
  list.addEventListener('click', (event) => {
    const index = indexOf(event);
    if (index !== null) handlers.pin(index);
  });
  list.addEventListener('keydown', (event) => moveByKey(event));
  list.addEventListener('blur', () => handlers.point(null));

  function moveByKey(event) {
    const active = spans.findIndex((span) => span.id === list.getAttribute('aria-activedescendant'));
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    const jumps = { Home: 0, End: spans.length - 1 };
    let next = null;
    if (event.key in steps) next = Math.max(0, Math.min(spans.length - 1, active + steps[event.key]));
    if (event.key in jumps) next = jumps[event.key];
    if (next !== null) activate(next);
    else if ((event.key === 'Enter' || event.key === ' ') && active >= 0) handlers.pin(first + active);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function activate(at) {
    list.setAttribute('aria-activedescendant', spans[at].id);
    reveal(first + at);
    handlers.point(first + at);
  }

  // Scrolls the strip itself and never the page.
  function reveal(index) {
    const span = index === null ? null : spans[index - first];
    if (!span) return;
    const top = span.offsetTop; // the list is the span's offset parent
    const below = top + span.offsetHeight - list.clientHeight;
    if (top < list.scrollTop) list.scrollTop = top - 4;
    else if (below > list.scrollTop) list.scrollTop = below + 4;
  }

  // `look(index)` -> {step, mark} of a token: a step of the colour table, -1 for none, -2 for
  // hidden; and a mark, "isolated", "read" or "".
  function paint(look, table) {
    for (let at = 0; at < spans.length; at += 1) {
      const { step, mark } = look(first + at);
      const key = `${step} ${mark}`;
      if (painted[at] === key) continue;
      painted[at] = key;
      const span = spans[at];
      span.style.backgroundColor = step >= 0 ? table.css[step] : '';
      span.className = tokenClass(step, mark, table);
      span.setAttribute('aria-selected', String(mark !== ''));
    }
  }

  function forget() {
    painted.fill('');
  }

  return {
    clear, show, paint, forget, reveal,
    get first() { return first; },
    get count() { return spans.length; },
  };
}

function tokenSpan(token, index, prefix) {
  const span = document.createElement('span');
  span.textContent = token;
  span.dir = 'auto'; // each token is its own island, whichever way its script runs
  span.id = `${prefix}-token-${index}`;
  span.dataset.token = index;
  span.title = `token ${index}`;
  span.setAttribute('role', 'option');
  return span;
}

function tokenClass(step, mark, table) {
  const ink = step >= 0 ? (table.dark[step] ? 'light-ink' : 'dark-ink') : step === -2 ? 'hidden-token' : '';
  return `${ink} ${mark ? `is-${mark}` : ''}`.trim();
}
