// The inspector, put together. Gradio runs this once per mount with `element`, `trigger`, `props` and `watch`; the
// files before this one are part of the same function.

let speaking = null;

// The live region says only what has lasted.
function speak(sentence) {
  clearTimeout(speaking);
  speaking = setTimeout(() => { $('.live').textContent = sentence; }, 500);
}

// A story has come: show it.
function tell(story, since) {
  now.story = story;
  now.hover = null;
  say('ready', '');
  writeSentence($('.title'), capital(`layer ${story.layer}, head ${story.head}: ${headline(story)}`));
  $('.modified').textContent = story.modified.length ? `modified model: ${story.modified.join('; ')}` : '';
  $('.cards').setAttribute('aria-label', 'The cell in five stages; arrow keys move the cell');
  showCards(story);
  showRow(story);
  fillHeads(story.heads.length);
  showHeads(story);
  draw();
  speak(spoken(spokenStory(story)));
  requestAnimationFrame(() => requestAnimationFrame(() => {
    now.ms = performance.now() - since;
    publish();
  }));
}

// What depends on the width and on the theme.
function draw() {
  const { story } = now;
  if (!story || root.dataset.state !== 'ready' || !root.clientWidth) return;
  $('.badge').textContent = kindLabel(story);
  $('.badge').style.setProperty('--kind', settings.colours[palette.theme()].kinds[story.kind]);
  drawMaps(story);
  drawHeads(story);
  markMaps();
}

function receive() {
  const { value } = props;
  clearTimeout(telling);
  if (!value?.id || value.query == null || value.key == null) {
    call?.abort();
    Object.assign(now, { id: value?.id ?? null, cell: null, story: null, hover: null });
    speak('');
    return say('empty', settings.empty);
  }
  now.id = value.id;
  const { layer, head, stage, query, key } = value;
  return look({ layer, head, stage, query, key });
}

watchPage(root, draw);

watch('value', receive);
receive();
