import type { Interval, Model } from '../model.ts'
import { impossible } from '../model.ts'

/**
 * The dumb twin of the search: tries every order of up to some eight operations, by the definition and nothing else. Only for
 * tests.
 */
export function isLinearizableByBruteForce<State, Op extends Interval>(
  model: Model<State, Op>,
  operations: readonly Op[],
): boolean {
  const extend = (left: readonly Op[], state: State): boolean => {
    if (left.every((operation) => operation.return === Infinity)) return true
    return left.some((operation) => {
      const others = left.filter((other) => other !== operation)
      if (others.some((other) => mustComeFirst(other, operation))) return false
      const next = model.step(state, operation)
      return next !== impossible && extend(others, next)
    })
  }
  return extend(operations, model.initial)
}

function mustComeFirst(first: Interval, second: Interval): boolean {
  if (first.return < second.call) return true
  return first.connection === second.connection && first.call < second.call && first.return !== Infinity
}
