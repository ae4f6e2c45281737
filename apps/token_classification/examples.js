// Texts that show something each.

export const EXAMPLES = [
  { name: 'Jordan', text: 'In May 1854 the French sailed from Jordan to the coast of Egypt, and Mr. Bennet told the Senate.' },
  { name: 'One name, two things', text: 'Jordan flew to Jordan in May, and May met Jordan there. The Germans left London on 4 May 1815.' },
  { name: 'Who or where', text: 'Washington said that Washington would wait. Georgia was named after the state where she was born.' },
  { name: 'What follows decides', text: 'Lincoln Street was empty. Lincoln spoke. Paris Hilton left Paris for the Paris Review.' },
  { name: 'Long', text: 'Emma had been born in London. Her father, Mr. Woodhouse, never left Surrey. In June 1811 the Prince Regent came to the house of Colonel Brandon. The French Army was in Spain by then, and the House of Commons spoke of Portugal. Mr. Knightley wrote to the Bank of England on Monday.' },
  { name: 'Odd characters', text: 'Renée met <b>Søren</b> in São Paulo — naïve,\tבירושלים and 北京; 👩‍👧 left Köln.' },
];
