// Elements. What a reader or a model wrote goes in as text, never as markup.

// h('button', { class: 'btn', onclick, 'aria-label': 'x', hidden: false }, 'text', child, ...)
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'style') Object.assign(element.style, value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

export const put = (element, ...children) => element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));

// An icon of our own: paths on a square of 20.
export function icon(...paths) {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('viewBox', '0 0 20 20');
  svg.setAttribute('aria-hidden', 'true');
  for (const d of paths) {
    const path = document.createElementNS(space, 'path');
    path.setAttribute('d', d);
    svg.append(path);
  }
  return svg;
}

// A row of buttons of which one is on: segments(box, 'Stage', [{value, label, hint}], choose) -> (value) => show it.
export function segments(box, label, options, choose) {
  box.setAttribute('role', 'radiogroup');
  box.setAttribute('aria-label', label);
  box.classList.add('seg');
  const buttons = options.map(({ value, label: name, hint }) => h('button', {
    type: 'button', role: 'radio', title: hint, 'data-value': value, onclick: () => choose(value),
  }, name));
  box.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const at = buttons.indexOf(document.activeElement);
    const next = buttons[(at + step + buttons.length) % buttons.length];
    next.focus();
    next.click();
  });
  put(box, buttons);
  return (value) => buttons.forEach((button) => {
    const on = button.dataset.value === String(value);
    button.setAttribute('aria-checked', on);
    button.tabIndex = on ? 0 : -1;
  });
}
