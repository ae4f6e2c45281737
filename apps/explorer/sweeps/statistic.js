// Of which statistic a head's examples are. Pure.

// Statistics that a query has, and so a place in a text.
export const OF_QUERIES = ['induction', 'previous_token', 'duplicate_token', 'first_token', 'self_attention', 'entropy', 'spread', 'distance'];

// The statistic of the examples: what heads are ranked by, or where no place of a text has that, what the head is most of.
export function statisticOf({ sort }, type, kinds) {
  if (OF_QUERIES.includes(sort)) return sort;
  return kinds?.find(({ name }) => name === type)?.score ?? OF_QUERIES[0];
}
