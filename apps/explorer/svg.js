// Elements of SVG. What a reader or a model wrote goes in as text.

const SPACE = 'http://www.w3.org/2000/svg';

// svg('rect', { x: 0 }, child, ...)
export function svg(tag, properties = {}, ...children) {
  const element = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(properties)) if (value !== null && value !== undefined) element.setAttribute(name, value);
  element.append(...children.flat(Infinity));
  return element;
}
