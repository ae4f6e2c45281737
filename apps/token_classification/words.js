// What the help says of Classify.

export const WORDS = [
  ['Log-odds', 'How much more the model says one label than another: 2.3 is ten times as probable. What is explained is always one label rather than another.'],
  ['Words out', 'Each other word is removed in turn and the sentence read again. An outline: without it the label is another one. Words that can stand in for each other can each go alone.'],
  ['Gradients', 'Integrated gradients: the log-odds divided among the words, compared with a sentence of spaces.'],
  ['Heads off', 'Each head is switched off in turn. To draw that over the text, the effect of each head is spread over the words that it looks at: an aid for the eye, no measurement.'],
  ['Other mask', 'The labels of the same weights where each word sees only what is before it, or, for a causal model, both sides.'],
  ['Faithful?', 'The tokens that gradients rank highest are blanked, 1 to 20 % of them; the band holds 80 of 100 draws of as many random tokens.'],
  ['Margin', 'The probability of the label minus that of the next best. The list begins where it is smallest.'],
];
