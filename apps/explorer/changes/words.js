// What is changed in the model, in words and in the order in which it is said. Pure.

// Keys of the selection that change the model, with what they are when nothing is changed.
export const UNCHANGED = Object.freeze({ off: [], cap: null, window: null, causal: null, finalCap: null });

export const isChanged = (selection) => changesOf(selection).length > 0;

const numbered = (name, value) => `${name} ${value}`;

const SETTINGS = {
  cap: (value) => numbered('cap', value),
  window: (value) => numbered('window', value),
  causal: (value) => (value === 'on' ? 'causal' : 'both sides visible'),
  finalCap: (value) => numbered('final cap', value),
};

// [{label, undo}]: each head that is off and each setting; `undo` is the patch of the selection that takes it back.
export function changesOf(selection) {
  const heads = selection.off.map((name) => ({ label: name, undo: { off: selection.off.filter((other) => other !== name) } }));
  const settings = Object.entries(SETTINGS).filter(([key]) => selection[key] !== null);
  return [...heads, ...settings.map(([key, label]) => ({ label: label(selection[key]), undo: { [key]: null }, setting: key }))];
}

// "L5H2, L5H3 and L5H4 off and cap 5"
export function phrase(selection) {
  const settings = changesOf(selection).filter(({ setting }) => setting).map(({ label }) => label);
  const heads = selection.off.length ? [`${listed(selection.off)} off`] : [];
  return listed([...heads, ...settings]);
}

export const listed = (words) => (words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`);
