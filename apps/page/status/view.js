// Facts and problems carry text of the reader and of models: textContent only.
const line = element.querySelector(".status-line");

function chip({ text, hint, kind }) {
  const span = document.createElement("span");
  span.textContent = text;
  span.title = hint || "";
  if (kind) span.className = kind;
  return span;
}

function show() {
  const value = props.value || {};
  const chips = value.problem ? [{ text: value.problem, kind: "problem" }] : value.facts || [];
  line.replaceChildren(...chips.map(chip));
}

watch("value", show);
show();
