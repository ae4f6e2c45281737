// The parts of a logit, largest first, as a waterfall. Pure.

import { headName } from '../../page/selection.js';

// Every part that was written into the residual stream: {name, value, head}; `head` is null for what is none.
export function partsOf({ embedding, heads, mlps, biases }) {
  return [
    { name: 'embedding', value: embedding, head: null },
    ...heads.flatMap((row, layer) => [
      ...row.map((value, head) => ({ name: headName({ layer, head }), value, head: headName({ layer, head }) })),
      { name: `MLP ${layer}`, value: mlps[layer], head: null },
      ...(biases ? [{ name: `bias ${layer}`, value: biases[layer], head: null }] : []),
    ]),
  ];
}

// The steps from 0 to the logit: the largest parts, all others in one, what rounding leaves: {name, value, head, from, to}.
export function waterfall(answer, most) {
  const parts = partsOf(answer).sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  const rest = parts.slice(most);
  const others = rest.length ? [{ name: `${rest.length} others`, value: sum(rest), head: null, minor: true }] : [];
  const rows = [...parts.slice(0, most), ...others, { name: 'rounding', value: answer.remainder, head: null, minor: true }];
  let at = 0;
  return rows.map((row) => {
    const from = at;
    at += row.value;
    return { ...row, from, to: at };
  });
}

// The ends of the axis that holds every step.
export function reach(steps) {
  const ends = steps.flatMap(({ from, to }) => [from, to]);
  return [Math.min(0, ...ends), Math.max(0, ...ends)];
}

const sum = (parts) => parts.reduce((total, { value }) => total + value, 0);

// What heads, MLPs and the token itself write: {heads, mlps, embedding}, biases counting as their heads' layer.
export function shares({ embedding, heads, mlps, biases }) {
  const total = (values) => values.flat().reduce((all, value) => all + value, 0);
  return { heads: total(heads) + total(biases ?? []), mlps: total(mlps), embedding };
}
