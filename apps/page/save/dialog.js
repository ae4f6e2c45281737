// The one dialog that saves what `mode.savable` names ({label, name, shown, coloured, isTable, about: what names its file, by
// default the text}): a preview at its true size, width, venue, record, format, name, and what can be copied.

import { latest } from '../ask.js';
import { h, put, segments } from '../dom.js';
import { allowedName, fileName } from './names.js';
import { copied, saveFile, saveTrace } from './files.js';

const FORMATS = [['pdf', 'PDF'], ['svg', 'SVG'], ['png', 'PNG'], ['html', 'HTML'], ['csv', 'CSV'], ['parquet', 'Parquet'],
  ['tex', 'LaTeX table'], ['npz', 'NPZ'], ['text', 'LaTeX text'], ['zip', 'Everything']];
// Formats that only some things have.
const PICTURES = Object.fromEntries(['pdf', 'svg', 'png', 'html'].map((format) => [format, ({ isTable }) => !isTable]));
const ONLY = { ...PICTURES, npz: ({ view }) => view === 'attention', text: ({ view, coloured }) => view === 'text' || Boolean(coloured) };
const WIDTHS = [{ value: 'single', label: 'Column' }, { value: 'double', label: 'Two columns' }, { value: 'slide', label: 'Slide' }];
const SLIDE = 10; // inches
const RECORDS = [['full', 'full'], ['anonymous', 'anonymous'], ['none', 'none']];
const HINTS = {
  full: 'The file carries its own record: “redraw” makes the same bytes again.',
  anonymous: 'The record names no folder or account, and no model of your own: for blind review. “redraw” asks where that is.',
  none: 'The file carries no record, and nothing can draw it again.',
};

export function openSave(page) {
  const choices = page.mode().savable?.(page.store, page.settings) ?? [];
  if (!choices.length) return page.say('Run a text first: there is nothing to save yet.');
  const state = { choice: choices[0], width: 'single', venue: '', record: 'full', format: 'pdf' };
  const previews = latest();
  const { text } = page.store.data[page.mode().shows ?? 'run'];

  const picture = h('div', { class: 'paper' });
  const said = h('p', { class: 'said', role: 'status' });
  const hint = h('p', { class: 'm' });
  const name = h('input', { id: 'save-name', 'aria-label': 'Name of the file', spellcheck: 'false' });
  const what = select('What', choices.map(({ label }, at) => [String(at), label]), (at) => { state.choice = choices[at]; named(); offer(); draw(); });
  const venue = select('Venue', [['', 'any'], ...Object.keys(page.settings.save.venues).map((each) => [each, each.toUpperCase()])],
    (value) => { state.venue = value; draw(); });
  const record = select('Record', RECORDS, (value) => { state.record = value; put(hint, HINTS[value]); });
  const widths = h('div', {});
  const showWidth = segments(widths, 'Width', WIDTHS, (value) => { state.width = value; showWidth(value); draw(); });
  const formats = h('div', { class: 'formats', role: 'group', 'aria-label': 'Save as' }, FORMATS.map(([format, label]) => h('button', {
    type: 'button', class: format === 'pdf' ? 'btn pri' : 'btn', 'data-format': format, onclick: () => save(format),
  }, label)));
  const copies = h('div', { class: 'copies', role: 'group', 'aria-label': 'Copy' },
    button('PNG', () => copied.picture(state.preview.png)),
    button('LaTeX with caption', () => copied.text(state.preview.latex.replace('figure.pdf', `${name.value}.pdf`))),
    button('Link', () => copied.text(window.location.href)));
  const close = h('button', { type: 'button', class: 'icon', 'aria-label': 'Close', onclick: () => dialog.close() }, '×');
  const trace = page.mode().traces && h('button', { type: 'button', class: 'link', onclick: () => attempt(() => saveTrace(page.store.data.run.id, fileName('trace', text))) }, 'Save the trace');
  const dialog = h('dialog', { class: 'save', 'aria-label': 'Save' },
    h('div', { class: 'sheet' }, picture),
    h('div', { class: 'choices' },
      h('div', { class: 'head' }, h('h2', {}, 'Save'), close),
      choices.length > 1 ? label('What', what) : null,
      label('Width', widths),
      h('div', { class: 'two' }, label('Venue', venue), label('Record', record)),
      label('Save as', formats), label('Name', name), label('Copy', copies), hint,
      trace ? h('p', { class: 'm' }, trace, ' to open it later without the model.') : null, said));

  function select(title, options, choose) {
    const box = h('select', { 'aria-label': title }, options.map(([value, shown]) => h('option', { value }, shown)));
    box.addEventListener('change', () => choose(box.value));
    return box;
  }
  function label(title, control) { return h('div', { class: 'field' }, h('span', { class: 'm' }, title), control); }
  function button(title, act) { return h('button', { type: 'button', class: 'btn', onclick: () => attempt(act, `${title} copied.`) }, title); }
  function wished() { return fileName(state.choice.name, state.choice.about ?? text); }
  function named() { name.value = wished(); }
  function offer() {
    const { shown, coloured, isTable } = state.choice;
    for (const each of formats.children) each.hidden = !(ONLY[each.dataset.format]?.({ ...shown, coloured, isTable }) ?? true);
  }
  function look() {
    return { venue: state.venue || null, width: state.width === 'slide' ? SLIDE : state.width };
  }

  async function attempt(act, done = 'Saved.') {
    try {
      put(said, 'Working …');
      await act();
      put(said, done);
    } catch (error) {
      put(said, error.message);
    }
  }

  function save(format) {
    const own = allowedName(name.value, wished());
    const dark = document.body.classList.contains('dark');
    return attempt(() => saveFile({ shown: state.choice.shown, format, name: own, record: state.record, dark, ...look() }));
  }

  async function draw() {
    picture.classList.add('stale');
    try {
      state.preview = await previews.ask('preview', { shown: state.choice.shown, ...look() });
      const { png, caption, fits } = state.preview;
      const image = h('img', { alt: caption, src: `data:image/png;base64,${png}` });
      // Two pixels of the picture are one of CSS, of which an inch has 96: what is shown is as large as on paper.
      image.addEventListener('load', () => { image.style.width = `${image.naturalWidth / 2}px`; });
      const inches = { ...page.settings.save.widths, ...page.settings.save.venues[state.venue] }[state.width] ?? SLIDE;
      put(picture, h('p', { class: 'size m' }, `${(inches * 2.54).toFixed(1)} cm wide, at its true size`), h('figure', {}, image, h('figcaption', {}, caption)),
        fits ? null : h('p', { class: 'm' }, 'Taller than a page: choose a wider one, or a part of the text.'));
    } catch (error) {
      state.preview = null;
      put(picture, h('p', {}, error.message));
    }
    picture.classList.remove('stale');
    for (const each of copies.children) each.disabled = !state.preview && each.textContent !== 'Link';
  }

  dialog.addEventListener('close', () => { previews.cancel(); dialog.remove(); });
  dialog.addEventListener('click', (event) => { if (event.target === dialog) dialog.close(); });
  document.querySelector('#page').append(dialog);
  named();
  offer();
  put(hint, HINTS.full);
  showWidth('single');
  dialog.showModal();
  return draw();
}
