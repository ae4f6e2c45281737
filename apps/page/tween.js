// Numbers that move to where they belong; at once where the reader asked for reduced motion.

export const MOVE_MS = 700;
const ease = (share) => 1 - (1 - share) ** 3;

export const isStill = () => typeof window === 'undefined' || window.matchMedia('(prefers-reduced-motion: reduce)').matches;

// `draw` is called with numbers from `from` to `to`; the answer stops it.
export function tween(from, to, draw, ms = MOVE_MS) {
  if (from === to || isStill() || document.hidden) {
    draw(to);
    return () => {};
  }
  const since = performance.now();
  let frame = requestAnimationFrame(function step(now) {
    const share = Math.min(1, Math.max(0, now - since) / ms);
    draw(share === 1 ? to : from + (to - from) * ease(share));
    if (share < 1) frame = requestAnimationFrame(step);
  });
  return () => cancelAnimationFrame(frame);
}
