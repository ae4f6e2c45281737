// The head view, put together. The page asks the server for the maps of the heads that are on, and for nothing else.

const root = element.querySelector('.head-view');
const $ = (selector) => root.querySelector(selector);
const library = createLibrary(96 << 20);
const now = { run: null, on: new Set([0]), focus: null, pinned: null, heads: [], groups: [], drawn: 0, painted: 0 };

const theme = () => (document.body.classList.contains('dark') ? 'dark' : 'light');
const numberOf = (selector) => Number($(selector).value);
const isOn = (selector) => $(selector).checked;
const options = () => ({ hideFirst: isOn('.hide-bos'), renormalise: isOn('.renormalise'), log: isOn('.log'), threshold: numberOf('.threshold') });

function open() {
  const value = props.value || {};
  if (!value.id) return;
  const first = now.run === null;
  now.run = value;
  now.focus = now.pinned = null;
  $('.layer').max = value.layers.length - 1;
  const count = Math.min(value.tokens.length, value.most);
  $('.start').max = value.tokens.length - count;
  $('.part').hidden = value.tokens.length <= value.most;
  if (first) readAddress();
  now.on = new Set([...now.on].filter((head) => head < value.heads));
  if (!now.on.size) now.on.add(0);
  $('.modified').hidden = !value.modified.length;
  $('.modified').textContent = `modified model: ${value.modified.join(', ')}`;
  root.dataset.state = 'ready';
  $('.notice').hidden = true;
  makeHeads();
  load();
}

function makeHeads() {
  const { heads, kv_heads: shared } = now.run;
  $('.heads').replaceChildren();
  for (let head = 0; head < heads; head += 1) {
    if (head && head % (heads / shared) === 0) child($('.heads'), 'span', 'shared');
    const button = child($('.heads'), 'button', '', `${head}`);
    button.type = 'button';
    button.title = `head ${head}, key/value head ${Math.floor((head * shared) / heads)}; double click shows it alone`;
    button.style.setProperty('--own', now.run.colours[theme()][head]);
    button.addEventListener('click', () => toggle(head));
    button.addEventListener('dblclick', () => alone(head));
  }
}

function toggle(head) {
  if (now.on.has(head) && now.on.size > 1) now.on.delete(head);
  else now.on.add(head);
  load();
}

function alone(head) {
  now.on = new Set([head]);
  load();
}

// The newest wish wins: an answer to an older one is dropped.
let wish = 0;
async function load() {
  const mine = (wish += 1);
  const { run } = now;
  const layer = numberOf('.layer');
  const start = Math.min(numberOf('.start'), Number($('.start').max));
  const count = Math.min(run.tokens.length, run.most);
  const part = [start, start + count];
  const heads = [...now.on].sort((a, b) => a - b);
  try {
    const tiles = await Promise.all(heads.map((head) => library.load(
      tileAddress(run.id, { stage: 'attn_probs', layer, head }, part, part), decodeTile)));
    if (mine !== wish || run !== now.run) return;
    now.tiles = heads.map((head, at) => ({ head, tile: tiles[at] }));
    now.layer = layer;
    arrange(start, count);
    writeAddress(layer, heads);
  } catch (error) {
    if (mine !== wish) return;
    root.dataset.state = error.status === 404 ? 'lost' : 'failed';
    $('.notice').hidden = false;
    $('.notice').textContent = error.message;
  }
}

function arrange(start, count) {
  now.groups = groupsOf(now.run, start, count, isOn('.merge'));
  fillColumn($('.queries'), now.groups);
  fillColumn($('.keys'), now.groups);
  for (const side of ['focus', 'pinned']) if (now[side] && now[side].index >= now.groups.length) now[side] = null;
  weigh();
}

function weigh() {
  now.heads = now.tiles.map(({ head, tile }) => ({ head, weights: weightsOf(tile, now.groups, options()) }));
  label();
  draw();
  report();
}

// The rest of the page saves what is shown here, in the words of the view's options.
let reporting = null;
function report() {
  const { run, layer, heads } = now;
  const { hideFirst, renormalise, threshold } = options();
  const bos = hideFirst ? (renormalise ? 'renormalised' : 'hidden') : 'shown';
  const shown = { layer, heads: heads.map(({ head }) => head).join(','), unit: isOn('.merge') ? 'words' : 'tokens', bos, threshold };
  clearTimeout(reporting);
  reporting = setTimeout(() => now.run === run && trigger('select', { ...shown, run: run.id }), 100);
}

function label() {
  const { kind, window: reach } = now.run.layers[now.layer];
  $('.badge').textContent = reach ? `${kind} · window ${reach}` : kind;
  root.style.setProperty('--kind', kind === 'local' ? '#0072b2' : '#c87800');
  $('.layer').nextElementSibling.textContent = `${now.layer} of 0–${now.run.layers.length - 1}`;
  $('.threshold').nextElementSibling.textContent = numberOf('.threshold').toFixed(2);
  $('.start').nextElementSibling.textContent = spread(now.groups[0].start, now.groups.at(-1).stop - now.groups[0].start);
  [...$('.heads').querySelectorAll('button')].forEach((button, head) => button.setAttribute('aria-pressed', now.on.has(head)));
}

function draw() {
  if (!now.heads.length || !root.clientWidth) return;
  const began = performance.now();
  const stage = $('.stage');
  const canvas = $('.lines');
  const common = { heads: now.heads, size: now.groups.length, colours: now.run.colours[theme()], focus: now.focus ?? now.pinned };
  const width = stage.clientWidth - 16 - $('.queries').offsetWidth - $('.keys').offsetWidth;
  now.drawn = drawLines(canvas, { ...common, options: options(), width, top: stage.scrollTop - 400, bottom: stage.scrollTop + stage.clientHeight + 400 });
  shadeColumns($('.queries'), $('.keys'), { ...common, pinned: now.pinned });
  tell(common.focus);
  now.painted += 1;
  root.headView = { layer: now.layer, heads: now.heads.map(({ head }) => head), focus: common.focus, pinned: now.pinned, drawn: now.drawn, painted: now.painted, ms: performance.now() - began };
}

function tell(focus) {
  const name = (index) => `${now.groups[index].start} "${island(now.groups[index].text)}"`;
  if (!focus) writeSentence($('.readout'), `${now.drawn} lines. Point at a token to see its own, click to pin it.`);
  else if (focus.side === 'query') {
    const best = strongestKeys(now.heads, now.groups.length, focus.index, 5);
    const list = best.map(({ head, key, weight }) => `${name(key)} ${shortNumber(weight)} (head ${head})`);
    writeSentence($('.readout'), `${name(focus.index)} attends to ${list.join(', ') || 'nothing above 0'}`);
  } else writeSentence($('.readout'), `what attends to ${name(focus.index)}`);
  $('.lines').setAttribute('aria-label', spoken($('.readout').textContent));
}

function tokenAt(event) {
  const token = event.target.closest('.token');
  return token && { side: token.parentElement.classList.contains('queries') ? 'query' : 'key', index: Number(token.dataset.index) };
}

function keyboard(event) {
  const at = now.pinned ?? now.focus ?? { side: 'query', index: -1 };
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) now.focus = { side: at.side, index: Math.max(0, Math.min(now.groups.length - 1, at.index + step)) };
  else if (event.key === 'Enter') now.pinned = now.focus;
  else if (event.key === 'Escape') now.focus = now.pinned = null;
  else return;
  if (step && now.pinned) now.pinned = now.focus;
  event.preventDefault();
  draw();
  $('.live').textContent = spoken($('.readout').textContent);
}

// Which layer and heads are shown is a part of the page's address.
function readAddress() {
  const query = new URL(location.href).searchParams;
  const heads = (query.get('heads') ?? '').split('.').filter((text) => /^\d+$/.test(text)).map(Number);
  if (heads.length) now.on = new Set(heads);
  if (/^\d+$/.test(query.get('heads_layer') ?? '')) $('.layer').value = query.get('heads_layer');
}

let readerChose = false;
function writeAddress(layer, heads) {
  if (!readerChose) return;
  const url = new URL(location.href);
  url.searchParams.set('heads_layer', layer);
  url.searchParams.set('heads', heads.join('.'));
  if (url.href !== location.href) history.replaceState(null, '', url);
}

const stage = $('.stage');
stage.addEventListener('pointerover', (event) => { now.focus = tokenAt(event); draw(); });
stage.addEventListener('pointerleave', () => { now.focus = null; draw(); });
stage.addEventListener('click', (event) => {
  const at = tokenAt(event);
  now.pinned = at && JSON.stringify(at) !== JSON.stringify(now.pinned) ? at : null;
  draw();
});
stage.addEventListener('scroll', () => requestAnimationFrame(draw));
stage.addEventListener('keydown', keyboard);
root.addEventListener('pointerdown', () => { readerChose = true; }, true);
root.addEventListener('keydown', () => { readerChose = true; }, true);
for (const name of ['.layer', '.start']) $(name).addEventListener('input', () => now.run && load());
for (const name of ['.hide-bos', '.renormalise', '.log', '.threshold']) $(name).addEventListener('input', () => now.tiles && weigh());
$('.merge').addEventListener('input', () => now.tiles && arrange(now.groups[0].start, now.groups.at(-1).stop - now.groups[0].start));
watchPage(root, () => draw(), () => { if (now.run) { makeHeads(); label(); draw(); } });
watch('value', open);
open();
