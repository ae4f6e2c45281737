// The model as it is: the part of the selection that changes it, undone.

export const UNCHANGED = { off: [], cap: null, window: null, causal: null, finalCap: null };

export const restore = ({ store }) => store.select(UNCHANGED);
