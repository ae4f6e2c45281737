// The grid: one element per position, and only those that are on screen; the rest is width.

const EXTRA = 4; // columns kept ready on each side

function createGrid({ scroll, plane, labels }, hands) {
  const columns = new Map(); // position -> element
  let shown = null; // {count, rows, read(position), cell(row, position)}
  let marks = { pinned: null, pointed: null };

  const pixels = (name) => Number.parseFloat(getComputedStyle(plane).getPropertyValue(name)) || 1;
  const wide = () => pixels('--cell');
  const side = () => pixels('--side');

  function show(next) {
    shown = next;
    labels.replaceChildren(...next.rows.map(label));
    plane.style.width = `${side() + next.count * wide()}px`;
    for (const column of columns.values()) column.remove();
    columns.clear();
    fill();
  }

  function label({ text, kind, letter, light, dark }) {
    const line = document.createElement('span');
    child(line, 'span', '', text);
    if (!kind) return line;
    const square = child(line, 'i', '');
    square.style.setProperty('--light', light);
    square.style.setProperty('--dark', dark);
    child(line, 'b', '', letter).title = kind;
    return line;
  }

  function fill() {
    if (!shown || !scroll.clientWidth) return;
    const first = Math.max(0, Math.floor(scroll.scrollLeft / wide()) - EXTRA);
    const last = Math.min(shown.count - 1, Math.ceil((scroll.scrollLeft + scroll.clientWidth) / wide()) + EXTRA);
    for (const [position, column] of columns) {
      if (position >= first && position <= last) continue;
      column.remove();
      columns.delete(position);
    }
    for (let position = first; position <= last; position += 1) {
      if (!columns.has(position)) columns.set(position, build(position));
    }
    mark(marks);
  }

  function build(position) {
    const column = child(plane, 'div', 'column');
    column.style.left = `${side() + position * wide()}px`;
    const head = child(column, 'div', 'read');
    child(head, 'small', '', position);
    child(head, 'span', '', shown.read(position)).title = shown.read(position);
    for (let row = 0; row < shown.rows.length; row += 1) {
      const { text, hit, light, dark } = shown.cell(row, position);
      const cell = child(column, 'div', hit ? 'cell is-hit' : 'cell', text);
      Object.assign(cell.dataset, { row, position });
      for (const [theme, look] of [['light', light], ['dark', dark]]) {
        cell.style.setProperty(`--${theme}`, look.fill);
        cell.style.setProperty(`--${theme}-ink`, look.ink);
      }
    }
    return column;
  }

  function mark(next) {
    marks = next;
    for (const [position, column] of columns) {
      column.classList.toggle('is-pinned', next.pinned?.position === position);
      [...column.querySelectorAll('.cell')].forEach((cell, row) => {
        const at = (place) => place?.position === position && place.row === row;
        cell.classList.toggle('is-pinned', at(next.pinned));
        cell.classList.toggle('is-pointed', at(next.pointed));
      });
    }
  }

  // Bring a position into sight, if it is not.
  function reveal(position) {
    const left = position * wide();
    const room = scroll.clientWidth - side();
    if (left < scroll.scrollLeft) scroll.scrollLeft = left;
    else if (left + wide() > scroll.scrollLeft + room) scroll.scrollLeft = left + wide() - room;
    fill();
  }

  const placeOf = (event) => {
    const cell = event.target.closest('.cell');
    return cell && { row: Number(cell.dataset.row), position: Number(cell.dataset.position) };
  };
  plane.addEventListener('pointerover', (event) => hands.point(placeOf(event)));
  plane.addEventListener('pointerleave', () => hands.point(null));
  plane.addEventListener('click', (event) => {
    const place = placeOf(event);
    if (place) hands.pin(place);
  });
  scroll.addEventListener('scroll', () => requestAnimationFrame(fill), { passive: true });
  scroll.addEventListener('keydown', (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step && event.key !== 'Escape') return;
    event.preventDefault();
    hands.step(step);
  });
  // A tab that is opened gets its width now: columns can be made, and the place that was asked for be shown.
  let width = scroll.clientWidth;
  new ResizeObserver(() => {
    if (!shown || scroll.clientWidth === width) return;
    const wasHidden = !width;
    width = scroll.clientWidth;
    show(shown);
    if (wasHidden && marks.pinned) reveal(marks.pinned.position);
  }).observe(scroll);

  return { show, mark, reveal };
}
