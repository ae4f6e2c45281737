// The row of the cell: its strongest keys as bars, and the sum of all others.

const percent = (share) => `${(100 * share).toFixed(1)}%`;

function back(distance) {
  if (distance === 0) return 'itself';
  return distance < 0 ? `${-distance} ahead` : `${distance} back`;
}

function showRow(story) {
  const keys = story.visible === 1 ? '1 key' : `${story.visible} keys`;
  writeSentence($('.row .heading'), `Query ${token(story.query)} sees ${keys}. The strongest, with probability and contribution (share of the row)`);
  const most = story.row[0].prob;
  $('.row ol').replaceChildren(...story.row.map((entry) => rowItem(story, entry, most)));
  const { keys: others, prob, contribution, share } = story.rest;
  $('.rest').textContent = others
    ? `the other ${others === 1 ? 'key' : `${others} keys`} together: probability ${shortNumber(prob)}, contribution ${shortNumber(contribution)} (${percent(share)})`
    : '';
}

function rowItem(story, { key, token: text, distance, prob, contribution, share }, most) {
  const item = document.createElement('li');
  const button = child(item, 'button');
  button.type = 'button';
  button.setAttribute('aria-pressed', String(key === story.key));
  const said = `probability ${shortNumber(prob)}, contribution ${shortNumber(contribution)}, ${percent(share)} of the row`;
  button.setAttribute('aria-label', `key ${key} ${text}, ${back(distance)}, ${said}`);
  writeSentence(child(button, 'span', 'who'), `${key} ${island(text)}`);
  child(button, 'span', 'back', back(distance));
  child(child(button, 'span', 'track'), 'span', 'fill').style.width = `${most ? (100 * prob) / most : 0}%`;
  child(button, 'span', 'number', shortNumber(prob));
  child(button, 'span', 'number part', `${shortNumber(contribution)} (${percent(share)})`);
  button.title = said;
  button.addEventListener('click', () => go({ key }));
  return item;
}
