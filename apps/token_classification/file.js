// A CoNLL file with the right labels: how well the model does, its errors by margin, what is taken for what. The file is
// read here and sent as text.

import { latest } from '../page/ask.js';
import { h, put, segments } from '../page/dom.js';
import { progressWords } from '../page/progress.js';
import { heading } from './parts.js';
import { SAMPLE } from './sample.js';

const READ = 'UTF-8';

export function createFile(page, box) {
  const { store } = page;
  const question = latest();
  const input = h('input', { type: 'file', hidden: true, 'aria-label': 'CoNLL file', onchange: () => { take(input.files[0]); input.value = ''; } });
  const title = h('div', {});
  const body = h('div', { class: 'errs' });
  const tabs = h('div', {});
  const drop = h('div', { class: 'drop' }, h('span', {}, 'Drop a CoNLL file'), h('button', { type: 'button', class: 'btn sm q', onclick: () => input.click() }, 'Choose…'));
  const show = segments(tabs, 'What of the file', [{ value: 'errors', label: 'Errors' }, { value: 'confusion', label: 'Confusion' }], (value) => { shown = value; draw(); });
  let file = null; // {name, content}
  let shown = 'errors';
  let only = null; // [gold, predicted]
  let said = ''; // while it is read, or what is wrong with it
  let isBusy = false;
  box.append(title, body, drop, input);

  for (const name of ['dragover', 'dragleave', 'drop']) {
    box.parentElement.addEventListener(name, (event) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      drop.classList.toggle('over', name === 'dragover');
      if (name === 'drop') take(event.dataTransfer.files[0]);
    });
  }

  async function take(chosen) {
    if (!chosen) return;
    try {
      if (chosen.size > page.settings.classify.largest) {
        throw new Error(`${chosen.name} has ${(chosen.size / 1e6).toFixed(1)} MB and the page takes ${(page.settings.classify.largest / 1e6).toFixed(1)}: use gemma2-workbench evaluate`);
      }
      const content = new TextDecoder(READ, { fatal: true }).decode(await chosen.arrayBuffer());
      file = { name: chosen.name, content };
      only = null;
      await read();
    } catch (error) {
      tell(error instanceof TypeError ? `${chosen.name} is not ${READ} text: save it as ${READ} first` : error.message);
    }
  }

  async function read(columns = {}) {
    isBusy = true;
    tell('Reading …');
    const { model } = store.data.labels;
    const progress = (how) => tell(progressWords(how));
    try {
      const answer = await question.ask('file_errors', { model, ...file, ...columns }, { progress });
      [isBusy, said] = [false, ''];
      store.publish({ file: answer });
    } catch (error) {
      isBusy = false;
      tell(error.name === 'AbortError' ? '' : error.message);
    }
  }

  function tell(sentence) {
    said = sentence;
    if (!isBusy && sentence) page.say(sentence);
    draw();
  }

  // Where a line has more than two columns, or they lie elsewhere.
  function columns() {
    const field = (label, value) => h('label', {}, `${label} `, h('input', { value, size: 4 }));
    const [word, label] = [field('words in column', '1'), field('labels in', '-1')];
    return h('form', { class: 'cols', onsubmit: (event) => {
      event.preventDefault();
      const of = (each) => each.querySelector('input').value.trim() || null;
      read({ token_column: of(word), tag_column: of(label) });
    } }, word, label, h('button', { type: 'submit', class: 'btn sm' }, 'Read again'));
  }

  function error(row) {
    const isOn = store.selection.text === row.text;
    const head = row.before.length > 24 ? `… ${row.before.slice(-22).replace(/^\S*\s/, '')}` : row.before;
    return h('button', {
      type: 'button', class: 'err', 'aria-pressed': String(isOn), title: row.text,
      onclick: () => store.select({ text: row.text, word: row.word, why: null, rather: null, edit: null, type: null }),
    }, h('span', { dir: 'auto' }, head, h('u', {}, row.here), row.after),
    h('span', { class: 'm' }, h('b', {}, row.gold === 'O' ? 'nothing' : row.gold), `, the model says ${row.predicted === 'O' ? 'nothing' : row.predicted}${row.line ? `, line ${row.line}` : ''}${row.found ? ` (“${row.found}”)` : ''}`));
  }

  function errors({ mistakes, all }) {
    const rows = only ? mistakes.filter(({ gold, predicted }) => gold === only[0] && predicted === only[1]) : mistakes;
    return [
      only ? h('p', { class: 'm none' }, `${only[0]} taken for ${only[1]} `, h('button', { type: 'button', class: 'link', onclick: () => { only = null; draw(); } }, 'all errors')) : null,
      rows.map(error),
      !only && all > mistakes.length ? h('p', { class: 'm none' }, `the first ${mistakes.length} of ${all}; evaluate --errors lists all`) : null,
    ];
  }

  function confusion({ kinds, confusion: counts, name }) {
    const cell = (count, gold, predicted) => (count && gold !== predicted
      ? h('td', {}, h('button', { type: 'button', title: `${gold} taken for ${predicted}`, onclick: () => { only = [gold, predicted]; shown = 'errors'; draw(); } }, String(count)))
      : h('td', { class: gold === predicted ? 'same' : 'm' }, count ? String(count) : '·'));
    return h('div', { class: 'conf', tabindex: '0', role: 'region', 'aria-label': 'Confusion of types' }, h('table', {},
      h('caption', { class: 'm' }, `rows: ${name}; columns: the model`),
      h('tr', {}, h('td', {}), kinds.map((kind) => h('th', { scope: 'col' }, kind))),
      counts.map((row, at) => h('tr', {}, h('th', { scope: 'row' }, kinds[at]), row.map((count, index) => cell(count, kinds[at], kinds[index]))))));
  }

  function draw() {
    const found = store.data.file;
    show(shown);
    put(title, found
      ? [heading('File', `${found.name}, ${found.sentences} sentences`, h('span', { class: 'grow' }), h('span', { title: found.measure }, 'F1 ', h('b', {}, found.f1.toFixed(3)))),
        h('div', { class: 'what', title: found.remarks.join('\n') }, h('span', { class: 'm' }, found.all ? `errors in ${found.wrong} sentences` : 'no errors'), h('span', { class: 'grow' }), tabs)]
      : heading('File', 'where is the model wrong?'));
    const note = said ? h('p', { class: 'note', role: 'status' }, said, isBusy ? h('button', { type: 'button', class: 'link', onclick: () => question.cancel() }, 'Cancel') : null) : null;
    const invitation = found || said ? null : h('p', { class: 'm none' }, 'A file with the right labels shows how often the model is right, and its surest errors first, each with its reasons. ',
      h('button', { type: 'button', class: 'link', onclick: () => { file = SAMPLE; only = null; read(); } }, 'Try a sample'));
    put(body, invitation, note, said && !isBusy && file && /column|TOKEN/.test(said) ? columns() : null, !found ? null : shown === 'errors' ? errors(found) : confusion(found));
  }

  return {
    update(changed) {
      const { labels, file: found } = store.data;
      if (changed?.has('labels') && found && found.model !== labels.model && !isBusy) read();
      if (!changed || ['labels', 'file', 'text'].some((key) => changed.has(key))) draw();
    },
  };
}
