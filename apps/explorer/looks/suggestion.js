// A second text that shows something beside the first. Pure.

// Without its repeats a text leaves nothing to copy; said twice, there is.
export function suggestion(text) {
  const words = text.trim().split(/\s+/);
  const once = [...new Set(words)];
  if (once.length < words.length) return { label: 'Compare with every word once', text: once.join(' ') };
  return { label: 'Compare with the text said twice', text: `${text} ${text}` };
}

// A text of the same length that ends otherwise: its last word exchanged for another one of its own.
export function corruption(text) {
  const words = text.trim().split(/\s+/);
  const last = words.at(-1);
  const other = words.slice(0, -1).reverse().find((word, back) => back > 0 && word !== last) ?? words[0];
  return [...words.slice(0, -1), other].join(' ');
}
