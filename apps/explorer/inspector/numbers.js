// Numbers in the sentences of the inspector. Pure.

// A share in words: "30 %"; no rounding makes nothing or everything of it.
export function percent(share) {
  const whole = Math.round(100 * share);
  if (whole === 0 && share > 0) return 'less than 1 %';
  if (whole === 100 && share < 1) return 'over 99 %';
  return `${whole} %`;
}

const WORDS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];

// "no key scores", "one key scores", "12 keys score".
export const keysScore = (count) => `${WORDS[count] ?? count} ${count > 1 ? 'keys score' : 'key scores'}`;

export const tokens = (count) => (count === 1 ? '1 token' : `${count} tokens`);
