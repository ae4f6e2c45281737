// Canvases, and the colours of the theme as they need them.

// A canvas of CSS size width x height, ready to draw in CSS pixels.
export function sized(canvas, width, height) {
  const ratio = Math.min(3, window.devicePixelRatio || 1);
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  const context = canvas.getContext('2d');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

// A colour table as a bar that fills the canvas.
export function paintTable(canvas, table) {
  const context = canvas.getContext('2d');
  for (let x = 0; x < canvas.width; x += 1) {
    context.fillStyle = table.css[Math.floor((256 * x) / canvas.width)];
    context.fillRect(x, 0, 1, canvas.height);
  }
}

const COLOURS = ['ink', 'ink2', 'line', 'line2', 'panel', 'panel2', 'accent', 'accent-ink', 'soft'];

// {font(size, weight), ink, ink2, ..., accentInk}
export function themeOf(element) {
  const style = getComputedStyle(element);
  const colours = COLOURS.map((name) => [name.replace(/-(.)/, (_, letter) => letter.toUpperCase()), style.getPropertyValue(`--${name}`).trim()]);
  const family = style.fontFamily;
  return { ...Object.fromEntries(colours), font: (size, weight = 400) => `${weight} ${size}px ${family}` };
}

// A rounded label of `text` whose middle line is at y = 0: `align` says which end of it is at x = 0.
export function pill(context, text, align, type, fill, ink) {
  const width = context.measureText(text).width;
  const start = align === 'right' ? -width : 0;
  context.beginPath();
  context.roundRect(start - 5, -type * 0.7, width + 10, type * 1.4, 4);
  context.fillStyle = fill;
  context.fill();
  context.fillStyle = ink;
  context.textAlign = 'left';
  context.fillText(text, start, 0.5);
}

// Cuts a text to the room it has, by whole characters (an emoji is one character, not two).
export function trimmed(context, text, room) {
  if (context.measureText(text).width <= room) return text;
  const characters = [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment);
  while (characters.length > 1 && context.measureText(`${characters.join('')}…`).width > room) characters.pop();
  return `${characters.join('')}…`;
}
