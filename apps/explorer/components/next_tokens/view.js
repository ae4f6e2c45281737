// Tokens are anybody's text: textContent only.
const root = element.querySelector(".next-tokens");

function add(parent, tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  parent.append(made);
  return made;
}

function heading(row, text, mark) {
  const cell = add(row, "th", "");
  cell.scope = "col";
  if (mark) add(cell, "i", mark);
  add(cell, "span", "", text);
}

function show() {
  const { rows, before, after } = props.value || {};
  root.replaceChildren();
  if (!rows) return;
  const table = add(root, "table", "");
  const head = add(add(table, "thead", ""), "tr", "");
  heading(head, "next token");
  heading(head, "");
  heading(head, before, "was");
  heading(head, after, "is");
  const body = add(table, "tbody", "");
  const longest = Math.max(...rows.flatMap((row) => [row.p_before, row.p_after]));
  for (const { id, token, p_before, p_after } of rows) {
    const row = add(body, "tr", "");
    add(row, "td", "token", token).title = `token id ${id}`;
    const bars = add(row, "td", "bars");
    add(bars, "i", "was").style.width = `${(100 * p_before) / longest}%`;
    add(bars, "i", "is").style.width = `${(100 * p_after) / longest}%`;
    add(row, "td", "before", p_before.toFixed(4));
    add(row, "td", "after", p_after.toFixed(4));
  }
}

watch("value", show);
show();
