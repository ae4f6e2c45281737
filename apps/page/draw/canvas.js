// Elements, canvases and the colours of the theme.

export function child(parent, tag, className, text = '') {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.textContent = text;
  parent.append(made);
  return made;
}

// A canvas of CSS size width x height in device pixels, ready to draw in CSS pixels.
export function sized(canvas, width, height, ratio) {
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext('2d');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

// A colour table as a bar.
export function paintScale(canvas, width, height, table, ratio) {
  const context = sized(canvas, width, height, ratio);
  for (let x = 0; x < width; x += 1 / ratio) {
    context.fillStyle = table.css[Math.min(255, Math.floor((256 * x) / width))];
    context.fillRect(x, 0, 1 / ratio, height);
  }
}

// Colours of the theme as the canvas needs them: resolved, not as variables.
export function readStyle(root, settings, theme) {
  const probe = root.querySelector('.probe');
  const colour = (value) => {
    probe.style.color = value;
    return getComputedStyle(probe).color;
  };
  return {
    font: getComputedStyle(root).fontFamily,
    ink: colour('var(--body-text-color)'),
    muted: colour('var(--muted)'),
    paper: colour('var(--background-fill-primary)'),
    veil: colour('color-mix(in srgb, var(--background-fill-primary) 68%, transparent)'),
    accent: colour('var(--attention-accent)'),
    onAccent: colour('var(--attention-on-accent)'),
    kinds: settings.colours[theme].kinds,
    hidden: settings.reasons[1][theme].paper,
  };
}

// Calls `resized` when the width of `root` changes and `themed` when the page turns light or dark.
export function watchPage(root, resized, themed = resized) {
  const observers = [];
  // A page that has replaced this component must not hear from it again.
  const alive = (then) => () => {
    if (root.isConnected) then();
    else observers.forEach((observer) => observer.disconnect());
  };
  let width = root.clientWidth;
  const sizes = new ResizeObserver(alive(() => {
    if (root.clientWidth === width) return;
    width = root.clientWidth;
    resized();
  }));
  sizes.observe(root);
  const themes = new MutationObserver(alive(themed));
  themes.observe(document.body, { attributes: true, attributeFilter: ['class'] });
  observers.push(sizes, themes);
}
