/** How the lab tells that something is wrong, by what it says first. The first row that fits counts. */
const kinds: readonly (readonly [RegExp, string])[] = [
  // Beside histories: transactions that no order explains, and accounts with a wrong sum.
  [/is not linearizable|^\{[^}]+\}: /, 'a wrong answer'],
  [/is linearizable, but not in the order/, 'answers out of order'],
  [/replicas of group \d+ differ/, 'replicas that differ'],
  [/could not be judged/, 'a history beyond judging'],
  [/has two leaders in term|fell from|has flushed \d+, applied/, 'an invariant of logs'],
  [/logged an error/, 'damage that a node found'],
  [/could not start/, 'a node that cannot start'],
  [/stopped itself|could not stop/, 'a node that stops'],
  [/no progress/, 'no progress'],
  [/the run threw|a promise was rejected/, 'an assertion'],
  [/was answered:|broke the protocol|nobody asked for/, 'a reply that no server may give'],
]

/** @param violation the first of a seed that failed */
export function caughtBy(violation: string): string {
  return kinds.find(([pattern]) => pattern.test(violation))?.[1] ?? 'something else'
}
