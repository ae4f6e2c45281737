// The situation of the mask lab: a lesson, and where the reader differs from it. Pure.

const FIELDS = ['tokens', 'window', 'section', 'causal', 'padding', 'side', 'cache', 'decode', 'chunk', 'spare', 'packed', 'prefix'];

export const lessonOf = (lessons, { lesson }) => lessons.find(({ name }) => name === lesson) ?? lessons[0];

// The lessons about a model: those that need no kind of layer, or one that it has.
export const lessonsOf = (lessons, run) => lessons.filter(({ needs }) => !needs || (run ? run.layers.some(({ kind }) => kind === needs) : ['local', 'global'].includes(needs)));

// The fields of the situation. The address writes true and false as 1 and 0.
export function fieldsOf(lessons, selection) {
  const fields = Object.fromEntries(FIELDS.map((name) => [name, selection.lab[name] ?? lessonOf(lessons, selection)[name]]));
  return { ...fields, causal: Boolean(fields.causal) };
}

// The question to the server. Words are those of the text that was run, where there is one.
export function questionOf(lessons, selection, run) {
  return { run: run?.id ?? null, words: Boolean(run) && selection.named === 'text', ...fieldsOf(lessons, selection) };
}

// The patch of the selection that changes a field; what is as in the lesson is not said.
export function changed(lessons, selection, patch) {
  const lesson = lessonOf(lessons, selection);
  const wished = { ...fieldsOf(lessons, selection), ...patch };
  const fields = { ...wished, decode: Math.min(wished.decode, wished.tokens - 1) };
  // Where later tokens are seen, no cache is kept and nothing is fed in parts.
  if (!fields.causal) Object.assign(fields, { decode: 0, chunk: 0, cache: 'dynamic' });
  const differs = FIELDS.filter((name) => fields[name] !== lesson[name]);
  return { lab: Object.fromEntries(differs.map((name) => [name, typeof fields[name] === 'boolean' ? Number(fields[name]) : fields[name]])) };
}

// The patch that begins a lesson: at its first pass, at its own cell.
export const begun = (name) => ({ lesson: name, lab: {}, pass: 0, query: null, key: null });

// How many keys there are to draw: a static cache of a global layer has more slots than there are positions.
export const columnsOf = ({ kinds }) => Math.max(...kinds.map(({ reasons }) => reasons[0].length));

// The pass that is shown, and how many positions have been fed then.
export function passOf(answer, { pass }) {
  const step = Math.min(pass, answer.passes.length - 1);
  return { step, ...answer.passes[step] };
}

// The cell that is looked at: the chosen one, else the one of the lesson, else in the last row the nearest key that the
// local layer hides.
export function cellOf(answer, lesson, { query: wished, key: chosen, pass }) {
  const { stop } = passOf(answer, { pass });
  const query = Math.min(wished ?? lesson.query ?? stop - 1, stop - 1);
  const reasons = (answer.kinds.find(({ reasons: rows }) => rows[query].slice(0, query).some((reason) => reason !== 0)) ?? answer.kinds[0]).reasons[query];
  const keys = columnsOf(answer);
  if (chosen !== null) return { query, key: Math.min(chosen, keys - 1) };
  if (wished === null && lesson.key !== null) return { query, key: Math.min(lesson.key, keys - 1) };
  const hidden = reasons.slice(0, query).findLastIndex((reason) => reason !== 0);
  return { query, key: hidden < 0 ? query : hidden };
}

// The positions that a kind of layer still holds after a pass: 'held', 'new' in this pass, 'dropped', 'empty' or ''.
export function heldAfter(answer, kind, { step, start, stop }, position) {
  const { holds } = answer.kinds[kind];
  if (position >= stop) return position >= answer.length && position < answer.kinds[kind].reasons[0].length ? 'empty' : '';
  if (!holds[step].includes(position)) return 'dropped';
  return position >= start && step > 0 ? 'new' : 'held';
}

const REASONS_KNOWN = 7; // of `model.Reason`

// How many cells of the rows that were fed have each reason; rows of pads are left out.
export function countsOf({ kinds, pads: [from, to] }, kind, stop) {
  const counts = Array(REASONS_KNOWN).fill(0);
  kinds[kind].reasons.slice(0, stop).forEach((row, query) => {
    if (query < from || query >= to) for (const reason of row) counts[reason] += 1;
  });
  return counts;
}

// What the positions are called: [{from, to, text, pad}] over positions from <= i < to; nothing without words.
export function labelsOf(answer, run) {
  const [start, stop] = answer.pads;
  const pads = Array.from({ length: stop - start }, (_, at) => ({ from: start + at, to: start + at + 1, text: '<pad>', pad: true }));
  if (!run) return pads;
  const labels = [];
  for (let at = 0; at < answer.length; at += 1) {
    if (at >= start && at < stop) {
      labels.push(pads[at - start]);
    } else {
      const token = tokenAt(answer, at);
      const last = labels.at(-1);
      const text = run.readable?.[token].text ?? run.tokens[token];
      if (last && !last.pad && last.word === run.words[token]) Object.assign(last, { to: at + 1, text: last.text + text });
      else labels.push({ from: at, to: at + 1, text, word: run.words[token], pad: false });
    }
  }
  return labels;
}

// The token of the text at a position, null for a pad.
export function tokenAt({ pads: [start, stop] }, position) {
  if (position >= start && position < stop) return null;
  return position < start ? position : position - (stop - start);
}

// What files of the masks are of: [{label, shown}], the pass that is shown, and all of them where there are several.
export function savedMasks(lessons, selection, run) {
  const situation = questionOf(lessons, selection, run);
  const shown = (label, step) => ({ label, shown: { kind: 'mask', ...situation, step } });
  const isFedInParts = situation.causal && (situation.decode > 0 || situation.chunk > 0);
  return isFedInParts ? [shown('All passes', null), shown('The pass that is shown', selection.pass)] : [shown('The masks', 0)];
}
