// Pointer and wheel over the map, told as plain wishes. The wheel alone scrolls the page.

const DRAG = 5; // pixels that a press may move and still be a click

// wish: {point(x, y, event), leave(), click(x, y), pan(dx, dy), zoom(factor, x, y), whole()}; `pan` and `zoom` say
// whether there was anything to do.
export function bindPointer(canvas, wish) {
  const touches = new Map();
  let press = null; // {x, y, moved} of the button that is down
  let pinch = null; // distance of two fingers when the map last followed them

  const point = (event) => ({ x: event.offsetX, y: event.offsetY });

  canvas.addEventListener('pointerdown', (event) => {
    const { x, y } = point(event);
    if (event.pointerType === 'touch') touches.set(event.pointerId, { x, y });
    if (touches.size === 2) {
      pinch = distance(touches);
      press = null;
    } else if (event.button === 0) {
      press = { x, y, moved: false };
    }
  });

  canvas.addEventListener('pointermove', (event) => {
    const { x, y } = point(event);
    if (touches.has(event.pointerId)) touches.set(event.pointerId, { x, y });
    if (touches.size === 2) followPinch();
    else if (press) followDrag(x, y, event);
    else wish.point(x, y, event);
  });

  function followPinch() {
    const now = distance(touches);
    const [a, b] = [...touches.values()];
    // Rounding to whole cells needs a step that is worth one.
    if (Math.abs(now / pinch - 1) < 0.08) return;
    wish.zoom(pinch / now, (a.x + b.x) / 2, (a.y + b.y) / 2);
    pinch = now;
  }

  function followDrag(x, y, event) {
    if (Math.hypot(x - press.x, y - press.y) > DRAG && !press.moved) {
      press.moved = true;
      canvas.setPointerCapture(event.pointerId);
    }
    if (press.moved && wish.pan(x - press.x, y - press.y)) Object.assign(press, { x, y });
  }

  canvas.addEventListener('pointerup', (event) => {
    const { x, y } = point(event);
    const wasClick = press && !press.moved;
    release(event);
    if (wasClick) wish.click(x, y);
  });
  canvas.addEventListener('pointercancel', release);
  canvas.addEventListener('pointerleave', () => wish.leave());

  function release(event) {
    touches.delete(event.pointerId);
    press = null;
    pinch = null;
  }

  canvas.addEventListener('dblclick', () => wish.whole());
  canvas.addEventListener('wheel', (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault(); // the browser would zoom the page
    const { x, y } = point(event);
    wish.zoom(event.deltaY > 0 ? 1.25 : 0.8, x, y);
  }, { passive: false });
}

function distance(touches) {
  const [a, b] = [...touches.values()];
  return Math.hypot(a.x - b.x, a.y - b.y);
}
