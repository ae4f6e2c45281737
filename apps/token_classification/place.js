// Where the reader is among the labels. Words are counted through all sentences. Pure.

export const OUTSIDE = 'O';

export const typeOf = (label) => label.replace(/^(?:[BIESLU])-(?=.)/, '');
// Whether a label is the tags of several words, of which no entity remains as it was.
const isSeveral = (label) => / /.test(label) && label.split(' ').every((tag) => tag === OUTSIDE || /^[BI]-/.test(tag));

// What a label is called in a sentence, and in a small place.
export const said = (label) => (label === OUTSIDE ? 'no entity' : isSeveral(label) ? 'no longer one entity' : label);
export const brief = (label) => (isSeveral(label) ? 'apart' : typeOf(label));

// As much of a long text as a sentence holds.
const LONGEST = 40;
export const cut = (text, longest = LONGEST) => (text.length > longest ? `${text.slice(0, longest - 1)}…` : text);

// {labels, word, entity or null, first, stop: the words that are asked about, sentence: [first, stop)}
export function placeOf({ selection, data: { labels } }) {
  const { words } = labels;
  const word = selection.word !== null && selection.word < words.length ? selection.word : labels.opening;
  const entity = entityAt(labels, word);
  const isWhole = labels.kind === 'sequence';
  return {
    labels, word, entity, isWhole,
    first: isWhole ? 0 : entity?.first ?? word,
    stop: isWhole ? words.length : entity?.stop ?? word + 1,
    sentence: labels.sentences.find(([, stop]) => word < stop) ?? [0, words.length],
  };
}

export const entityAt = ({ entities }, word) => entities.find(({ first, stop }) => first <= word && word < stop) ?? null;

// The names that may be asked about: types of an entity, else classes.
export function namesOf({ labels, entity }) {
  return entity ? [...new Set(labels.classes.map(typeOf))] : labels.classes;
}

// What the model says where the reader is.
export function saidAt({ labels, entity, word, isWhole }) {
  if (isWhole) return labels.whole;
  return entity ?? labels.words[word];
}

// What the server is asked about it, beside what is to be shown.
export function questionOf(place, { why = null, rather = null } = {}) {
  const names = namesOf(place);
  const known = (name) => (names.includes(name) ? name : null);
  return {
    model: place.labels.model, text: place.labels.text, word: place.isWhole ? 0 : place.first, entity: place.entity !== null,
    label: known(why), against: known(rather) === known(why) ? null : known(rather),
  };
}

// The labels of a text by how sure the model is, the least sure first; where there are no entities those of the words.
export function listOf({ labels }, type, most = Infinity) {
  const { entities, words } = labels;
  const every = labels.kind === 'sequence' ? []
    : labels.tagged ? entities : words.map((word, at) => ({ ...word, first: at, stop: at + 1 }));
  const ofType = every.filter(({ label }) => label === type);
  const shown = ofType.length ? ofType : every; // the type may be one of another text
  return { every, shown: [...shown].sort((a, b) => a.margin - b.margin).slice(0, most), count: shown.length };
}
