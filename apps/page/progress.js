// How far something is, in words. Pure.

// "5 seconds", "2 minutes", "1 hour"
export function duration(seconds) {
  const [value, unit] = seconds < 90 ? [seconds, 'second'] : seconds < 5400 ? [seconds / 60, 'minute'] : [seconds / 3600, 'hour'];
  const whole = Math.max(1, Math.round(value));
  return `${whole} ${unit}${whole === 1 ? '' : 's'}`;
}

// Done of all, from 0 to 1; null where it is not known.
export const share = ({ done, of }) => (of > 1 && done > 0 ? Math.min(1, done / of) : null);

// {done: 7, of: 26, what: 'layers', seconds_left: 12} -> "layer 7 of 26, 12 seconds left"
export function progressWords(busy) {
  const part = share(busy);
  const counted = busy.what === 'layers' ? `layer ${busy.done} of ${busy.of}` : `${busy.what}: ${Math.round(100 * (part ?? 0))} %`;
  const words = part === null ? (busy.what === 'layers' || !busy.what ? 'running' : busy.what) : counted;
  const left = busy.seconds_left;
  return part !== null && part < 1 && left !== null && left >= 1 ? `${words}, ${duration(left)} left` : words;
}
