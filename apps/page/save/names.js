// Names of files: what is shown, then the first words of the text in letters that every system takes.

const WORDS = 2;

export function fileName(name, text) {
  const words = (text.normalize('NFKD').match(/[A-Za-z0-9]+/g) ?? []).slice(0, WORDS).join('-').toLowerCase();
  return [name, words].filter(Boolean).join('_').slice(0, 80);
}

// What was typed, without what no file may be called.
export const allowedName = (text, otherwise) => {
  const kept = [...text].filter((c) => c >= ' ' && !'/\\'.includes(c)).join('').trim();
  return /^\.*$/.test(kept) ? otherwise : kept.slice(0, 120);
};
