// Pointer, wheel and keys over the map, told to the view as plain wishes.

const DRAG = 5; // pixels that a press may move and still be a click

function bindMap(canvas, wish) {
  const touches = new Map();
  let press = null; // {x, y, cell, pan} of the mouse button that is down
  let pinch = null; // distance of two fingers when the map last followed them

  const point = (event) => ({ x: event.offsetX, y: event.offsetY });
  const distance = () => {
    const [a, b] = [...touches.values()];
    return Math.hypot(a.x - b.x, a.y - b.y);
  };
  const middle = () => {
    const [a, b] = [...touches.values()];
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  };

  canvas.addEventListener('pointerdown', (event) => {
    const { x, y } = point(event);
    if (event.pointerType === 'touch') touches.set(event.pointerId, { x, y });
    if (touches.size === 2) {
      pinch = distance();
      press = null;
    } else if (event.button === 0) {
      press = { x, y, pan: event.shiftKey, moved: false, touch: event.pointerType === 'touch' };
      canvas.setPointerCapture(event.pointerId);
    }
  });

  canvas.addEventListener('pointermove', (event) => {
    const { x, y } = point(event);
    if (touches.has(event.pointerId)) touches.set(event.pointerId, { x, y });
    if (touches.size === 2) followPinch();
    else if (press && !press.touch) followDrag(x, y);
    else wish.point(x, y);
  });

  function followPinch() {
    const now = distance();
    const { x, y } = middle();
    // Rounding to whole cells needs a step that is worth one.
    if (Math.abs(now / pinch - 1) < 0.08) return;
    wish.zoom(pinch / now, x, y);
    pinch = now;
  }

  function followDrag(x, y) {
    if (Math.hypot(x - press.x, y - press.y) > DRAG) press.moved = true;
    if (!press.moved) return;
    if (press.pan) {
      wish.pan(x - press.x, y - press.y);
      Object.assign(press, { x, y });
    } else {
      wish.frame(press.x, press.y, x, y);
    }
  }

  canvas.addEventListener('pointerup', (event) => {
    const { x, y } = point(event);
    const ended = press;
    release(event);
    if (!ended) return;
    if (!ended.moved) wish.pin(x, y);
    else if (!ended.pan && !ended.touch) wish.enter();
  });
  canvas.addEventListener('pointercancel', release);
  canvas.addEventListener('pointerleave', () => press || wish.leave());

  function release(event) {
    touches.delete(event.pointerId);
    press = null;
    pinch = null;
  }

  canvas.addEventListener('dblclick', () => wish.whole());
  canvas.addEventListener('wheel', (event) => {
    const { x, y } = point(event);
    const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    const moved = sideways
      ? wish.pan(-(event.deltaX || event.deltaY), 0)
      : wish.zoom(event.deltaY > 0 ? 1.25 : 0.8, x, y);
    // With nothing left to zoom or pan the wheel scrolls the page as everywhere else.
    if (moved) event.preventDefault();
  }, { passive: false });
}

const KEYS = {
  ArrowUp: { layer: -1 }, ArrowDown: { layer: 1 }, ArrowLeft: { head: -1 }, ArrowRight: { head: 1 },
};
const CELL_KEYS = {
  ArrowUp: { query: -1 }, ArrowDown: { query: 1 }, ArrowLeft: { key: -1 }, ArrowRight: { key: 1 },
};

function bindKeys(element, wish) {
  element.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = (event.shiftKey ? CELL_KEYS : KEYS)[event.key];
    if (step && event.shiftKey) wish.stepCell(step);
    else if (step) wish.stepHead(step, event.timeStamp);
    else if (event.key === '+' || event.key === '=') wish.zoom(0.8);
    else if (event.key === '-') wish.zoom(1.25);
    else if (event.key === '0') wish.whole();
    else if (event.key === 'Escape') wish.unpin();
    else return;
    event.preventDefault();
  });
}
