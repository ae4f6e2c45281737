// The five stages of the cell, one card each: what happened, the number, the map around it, the formula.

const cards = settings.stages.map((stage) => {
  const card = child($('.cards'), 'div', 'card');
  card.dataset.stage = stage.name;
  const parts = {
    label: child(card, 'p', 'label', stage.label),
    value: child(card, 'output', 'value'),
    between: child(card, 'p', 'between'),
    map: child(card, 'div', 'map'),
    scale: child(card, 'div', 'scale'),
    formula: child(card, 'p', 'formula', stage.formula),
  };
  card.title = stage.help;
  child(parts.scale, 'canvas').setAttribute('aria-hidden', 'true');
  child(parts.scale, 'p');
  return parts;
});

// The numbers at both ends of a scale.
function endsOf(ticks) {
  return [ticks[0], ticks.at(-1)].map(({ value }) => shortNumber(value).replace('-', '−')).join(' to ');
}

function showScale({ scale: box }, scale, table, width, ratio) {
  const [bar, ends] = box.children;
  paintScale(bar, width, 6, table, ratio);
  ends.textContent = `colours ${endsOf(scale.ticks)}`;
}

function showCards(story) {
  story.steps.forEach(({ value, between }, at) => {
    const { value: output, between: line } = cards[at];
    // Six digits: the last of a float32 depend on how many rows were multiplied at once.
    output.textContent = value === null ? 'hidden' : plain(value.toPrecision(6));
    output.title = value === null ? '' : exactNumber(Math.fround(value));
    output.classList.toggle('none', value === null);
    line.textContent = between;
  });
}

// The story in one sentence, for ears.
function spokenStory(story) {
  const parts = story.steps.map(({ value, between }, at) => {
    const number = value === null ? 'hidden' : shortNumber(value);
    return `${settings.stages[at].label} ${number}, ${between}`;
  });
  return `${headline(story)}. ${parts.join('. ')}.`;
}

function headline(story) {
  const visible = story.steps[2].value !== null;
  return `query ${token(story.query)} ${visible ? 'attends to' : 'does not see'} key ${token(story.key)}`;
}
