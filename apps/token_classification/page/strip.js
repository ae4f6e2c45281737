// The sentence as tokens, coloured by one number each.

const tables = Object.fromEntries(['light', 'dark'].map((theme) => [
  theme,
  Object.fromEntries(Object.entries(settings.colours[theme]).map(([kind, rgb]) => [kind, colourTable(bytesOf(rgb))])),
]));
const isDark = () => document.body.classList.contains('dark');
const tableOf = (kind) => tables[isDark() ? 'dark' : 'light'][kind];

// Where a value lies in its table: signed ones around the middle; weights by their root, so that small ones show.
const STEPS = {
  diverging: (value, high) => Math.round(127.5 + (127.5 * value) / high),
  sequential: (value, high) => Math.round(255 * Math.sqrt(Math.max(0, value) / high)),
};

const highest = (values) => Math.max(...values.map((value) => Math.abs(value ?? 0))) || 1;
// Differences of logits smaller than this are rounding, and are not to look like effects.
const ROUNDING = 0.05;
const largestEffect = (values) => highest([ROUNDING, ...values]);

// On a dark page the neutral middle of the printed scale would be the loudest: there it fades into the page.
const faded = (share) => `color-mix(in srgb, ${share < 0 ? '#4a9ad6' : '#e8604c'} ${Math.round(100 * Math.abs(share))}%, var(--background-fill-secondary))`;

function coloured(box, value, kind, high) {
  if (kind === 'diverging' && isDark()) {
    const share = Math.max(-1, Math.min(1, value / high));
    box.style.background = faded(share);
    box.style.color = Math.abs(share) > 0.6 ? '#000000' : 'var(--body-text-color)';
    return;
  }
  const table = tableOf(kind);
  const step = Math.max(0, Math.min(255, STEPS[kind](value, high)));
  box.style.background = table.css[step];
  box.style.color = table.dark[step] ? '#ffffff' : '#000000';
}

// `values` has a number per token, null where there is none; `titles` say each in words.
function paintStrip({ tokens, read, values, kind, titles, crossed = [] }) {
  const high = kind === 'diverging' ? largestEffect(values) : highest(values);
  $('.strip').replaceChildren(...tokens.map((token, at) => {
    const box = document.createElement('span');
    box.className = 'token';
    box.classList.toggle('is-read', read.includes(at));
    box.classList.toggle('is-crossed', crossed.includes(at));
    child(box, 'span', 'piece', token);
    const value = values[at];
    child(box, 'span', 'number', value === null ? '·' : kind === 'diverging' ? signed(value) : shortNumber(value));
    box.title = titles[at];
    if (value !== null) coloured(box.firstChild, value, kind, high);
    return box;
  }));
  const isFaded = kind === 'diverging' && isDark();
  const stops = isFaded ? [-1, 0, 1].map(faded) : tableOf(kind).css.filter((_, step) => step % 51 === 0);
  $('.ramp').style.background = `linear-gradient(to right, ${stops.join(', ')})`;
  $('.low').textContent = kind === 'diverging' ? signed(-high) : '0';
  $('.high').textContent = kind === 'diverging' ? signed(high) : shortNumber(high);
}
