// The reader hears every step, the model only where the slider comes to rest.
const REST = 300; // milliseconds without another step
const root = element.querySelector(".cap-slider");
const [input, output, back] = ["input", "output", ".back"].map((name) => root.querySelector(name));
let resting = 0;

function say() {
  const { caps, own } = props.value;
  const cap = caps[Number(input.value)];
  output.textContent = `cap ${cap}`;
  input.setAttribute("aria-valuetext", output.textContent);
  back.disabled = cap === own;
}

function release() {
  clearTimeout(resting);
  resting = setTimeout(() => trigger("release", { cap: props.value.caps[Number(input.value)] }), REST);
}

function show() {
  const { caps, own, chosen } = props.value || {};
  root.classList.toggle("ready", Boolean(caps));
  if (!caps) return;
  root.querySelector(".name").textContent = props.name;
  input.max = caps.length - 1;
  input.value = caps.indexOf(chosen);
  root.querySelector(".low").textContent = `from ${caps[0]} to ${caps[caps.length - 1]}`;
  root.querySelector(".own").textContent = `the model's own: ${own}`;
  say();
}

input.addEventListener("input", say);
input.addEventListener("change", release);
back.addEventListener("click", () => {
  input.value = props.value.caps.indexOf(props.value.own);
  say();
  release();
});

watch("value", show);
show();
