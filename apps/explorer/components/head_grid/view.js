// Numbers and names reach the page as text; colours as properties, one per theme, so that a theme needs no drawing.
const cells = element.querySelector(".cells");
const part = (name) => element.querySelector(name);

function add(parent, tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  parent.append(made);
  return made;
}

function paint(target, light, dark, name = "") {
  target.style.setProperty(`--light${name}`, light);
  target.style.setProperty(`--dark${name}`, dark);
}

function buttonAt(layer, head) {
  return cells.querySelector(`button[data-layer="${layer}"][data-head="${head}"]`);
}

function mark() {
  const [layer, head] = props.chosen;
  for (const button of cells.querySelectorAll("button")) {
    const isChosen = Number(button.dataset.layer) === layer && Number(button.dataset.head) === head;
    button.setAttribute("aria-selected", isChosen);
    button.tabIndex = isChosen ? 0 : -1;
  }
}

function drawHeads(value) {
  const row = add(cells, "div", "");
  row.setAttribute("role", "row");
  add(row, "span", "title");
  value.texts[0].forEach((_, head) => {
    const title = add(row, "span", "title", String(head));
    title.setAttribute("role", "columnheader");
    title.setAttribute("aria-label", `head ${head}`);
  });
}

function drawLayer(value, layer) {
  const row = add(cells, "div", "");
  row.setAttribute("role", "row");
  const { light, dark } = value.themes;
  const kind = value.kinds[layer];
  const name = add(row, "span", "name");
  name.setAttribute("role", "rowheader");
  paint(add(name, "i", "kind"), light.kinds[kind], dark.kinds[kind]);
  add(name, "span", "", String(layer));
  add(name, "span", "word", kind);
  value.texts[layer].forEach((text, head) => {
    const button = add(row, "button", head && head % value.group === 0 ? "group-start" : "", text);
    button.type = "button";
    button.setAttribute("role", "gridcell");
    Object.assign(button.dataset, { layer, head });
    const group = Math.floor(head / value.group);
    button.title = `layer ${layer} (${kind}), head ${head}, key/value head ${group}\n${value.label}: ${text}`;
    button.setAttribute("aria-label", button.title);
    paint(button, light.fills[layer][head], dark.fills[layer][head]);
    paint(button, light.inks[layer][head], dark.inks[layer][head], "-ink");
  });
}

function draw() {
  const value = props.value || {};
  cells.replaceChildren();
  part(".unit").textContent = value.label || "";
  if (!value.texts) return;
  cells.style.gridTemplateColumns = `max-content repeat(${value.texts[0].length}, minmax(40px, 64px))`;
  drawHeads(value);
  value.texts.forEach((_, layer) => drawLayer(value, layer));
  [part(".low").textContent, part(".high").textContent] = value.ends;
  const ramp = (theme) => `linear-gradient(to right, ${value.themes[theme].steps.join(", ")})`;
  paint(part(".ramp"), ramp("light"), ramp("dark"));
  mark();
}

function choose(button) {
  props.chosen = [Number(button.dataset.layer), Number(button.dataset.head)];
  mark();
  trigger("select", { layer: props.chosen[0], head: props.chosen[1] });
}

cells.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) choose(button);
});

cells.addEventListener("keydown", (event) => {
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  const here = event.target.closest("button");
  if (!step || !here) return;
  event.preventDefault();
  const next = buttonAt(Number(here.dataset.layer) + step[0], Number(here.dataset.head) + step[1]);
  if (!next) return;
  next.focus();
  choose(next);
});

watch("value", draw);
watch("chosen", mark);
draw();
