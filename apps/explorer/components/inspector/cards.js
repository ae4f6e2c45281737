// The five stages of the cell, one card each: what happened, the number, the map around it, the formula.

const cards = settings.stages.map((stage) => {
  const card = child($('.cards'), 'div', 'card');
  card.dataset.stage = stage.name;
  const parts = {
    label: child(card, 'p', 'label', stage.label),
    value: child(card, 'output', 'value'),
    between: child(card, 'p', 'between'),
    map: child(card, 'div', 'map'),
    formula: child(card, 'p', 'formula', stage.formula),
  };
  card.title = stage.help;
  return parts;
});

function showCards(story) {
  story.steps.forEach(({ value, between }, at) => {
    const { value: output, between: line } = cards[at];
    output.textContent = value === null ? 'hidden' : exactNumber(Math.fround(value));
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
