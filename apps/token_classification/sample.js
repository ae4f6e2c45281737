// A file to try, as somebody would drop one: words and their right labels, a sentence after the other.

const SENTENCES = [
  'Georgia/B-PER was named after the state where she was born .',
  'Nice/B-LOC is nice , but Bath/B-LOC has the better waters .',
  'Emma/B-PER spent June/B-DATE 1815/I-DATE in Paris/B-LOC .',
  'Summer/B-PER hates summer , and June/B-PER was born in May/B-DATE .',
  'The French/B-NORP sailed from Jordan/B-LOC to Egypt/B-LOC .',
  'Mr. Bank/B-PER wrote to the Bank/B-ORG of/I-ORG England/I-ORG .',
  'Paris/B-PER met London/B-PER in Reading/B-LOC .',
  'The Senate/B-ORG met on Monday/B-DATE .',
];

export const SAMPLE = {
  name: 'sample.conll',
  content: SENTENCES.map((sentence) => sentence.split(' ').map((word) => word.replace(/(?:\/([BI]-\w+))?$/, (_, label) => `\t${label ?? 'O'}`)).join('\n')).join('\n\n'),
};
