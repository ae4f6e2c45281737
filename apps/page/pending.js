// What the page waits for, whoever asked: answers that have not come. `data-settled` of the page says when all are there.

const frame = globalThis.requestAnimationFrame ?? setTimeout;
let waiting = 0;
let tell = () => {};

// The promise, counted until it settles.
export async function pending(promise) {
  waiting += 1;
  tell(false);
  try {
    return await promise;
  } finally {
    waiting -= 1;
    settle();
  }
}

// Who asked draws first, and may ask for more: then a frame is laid out, which may ask too.
function settle() {
  frame(() => setTimeout(() => tell(waiting === 0)));
}

// Calls `listener(isSettled)`; there is one page, so one listener.
export function whenSettled(listener) {
  tell = listener;
}
