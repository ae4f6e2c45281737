// Small labels that would stand over one another.

// Of two labels that overlap, one is hidden: not the one that `matters`.
export function part(box, selector, matters) {
  const every = [...box.querySelectorAll(selector)];
  for (const each of every) each.classList.remove('crowded');
  let before = null; // {element, top, right}
  for (const element of every) {
    const { top, left } = element.getBoundingClientRect();
    const own = { element, top, right: left + element.scrollWidth };
    const isOver = before && Math.abs(before.top - top) < 8 && before.right > left;
    if (isOver && !element.matches(matters)) element.classList.add('crowded');
    else {
      if (isOver) before.element.classList.add('crowded');
      before = own;
    }
  }
}
