import type { Model } from '../checkers/model.ts'
import { impossible } from '../checkers/model.ts'
import type { Operation } from '../history.ts'
import { describeOperation, shortened, withoutReply } from './describe.ts'
import type { Span, TimedState } from './expiry-commands.ts'
import { timedCommands } from './expiry-commands.ts'
import { identityOf } from './value.ts'

/**
 * What may be true of a key: it was set to end somewhere in a span of time, so that for a while it may be there or be gone.
 * Never empty; a reply leaves those that it fits.
 */
type Possibilities = readonly TimedState[]

/**
 * One key that may expire, judged by the time.
 *
 * 1. An operation took effect between its call and its return, when the server's clock showed the true time or up to
 *    `clockErrorMs` more or less. A time to live counts from there, so that a deadline is a span too.
 * 2. A key may be gone only when the deadline's beginning may have come, and must be gone when its end must have come.
 * 3. One that was seen as gone stays gone until it is written: a key does not come back from the dead because another server,
 *    whose clock is behind, answers for it.
 * 4. PTTL's answer is the deadline less the clock, which narrows the deadline down.
 *
 * @param clockErrorMs how far the clock of a server may be off, rounding to whole milliseconds included.
 */
export function expiryModel(clockErrorMs: number): Model<Possibilities, Operation> {
  const nowAt = ({ callMs, returnMs }: Operation): Span => ({
    earliestMs: callMs - clockErrorMs,
    latestMs: returnMs + clockErrorMs,
  })
  return {
    name: 'redis key that expires',
    initial: [undefined],
    step(state, operation) {
      const now = nowAt(operation)
      const next = new Map<string, TimedState>()
      for (const before of state) {
        for (const met of aged(before, now)) {
          const outcome = timedCommands[operation.command]!.apply(met, operation.argument, now)
          const after = accepted(outcome.state, outcome.reply, operation.reply, now)
          if (after !== impossible) next.set(identityOfTimed(after), after)
        }
      }
      return next.size === 0 ? impossible : [...next.values()]
    },
    identify: (state) => (state.length === 1 ? identityOfTimed(state[0]) : state.map(identityOfTimed).sort().join('|')),
    isSettled: (state) => state.length === 1 && state[0]?.deadline === undefined,
    changes: ({ command, reply }) => timedCommands[command]!.changes(reply),
    // A time to live counts from the call: no two are alike.
    effect: ({ index }) => String(index),
    withoutReply,
    describeState: (state) => state.map(describeTimed).join(' or '),
    describe: (operation) =>
      describeOperation(operation, timedCommands[operation.command]!.words(operation.key, operation.argument)),
  }
}

/** What an operation may find of a key: by rule 2. */
function aged(state: TimedState, now: Span): TimedState[] {
  const deadline = state?.deadline
  if (deadline === undefined) return [state]
  const found: TimedState[] = []
  if (now.earliestMs <= deadline.latestMs) found.push(state)
  if (now.latestMs >= deadline.earliestMs) found.push(undefined)
  return found
}

function accepted(
  state: TimedState,
  expected: string | Span,
  reply: string | undefined,
  now: Span,
): TimedState | typeof impossible {
  if (reply === undefined || expected === reply) return state
  if (typeof expected === 'string' || !reply.startsWith(':') || state?.deadline === undefined) return impossible
  const leftMs = Number(reply.slice(1))
  const deadline = {
    earliestMs: Math.max(state.deadline.earliestMs, now.earliestMs + leftMs),
    latestMs: Math.min(state.deadline.latestMs, now.latestMs + leftMs),
  }
  return leftMs >= 0 && deadline.earliestMs <= deadline.latestMs ? { ...state, deadline } : impossible
}

function identityOfTimed(state: TimedState): string {
  if (state === undefined) return ''
  const { value, deadline } = state
  return deadline === undefined ? identityOf(value) : `${deadline.earliestMs} ${deadline.latestMs} ${identityOf(value)}`
}

function describeTimed(state: TimedState): string {
  if (state === undefined) return 'no key'
  const { value, deadline } = state
  const end = deadline && ` until ${deadline.earliestMs.toFixed(3)}–${deadline.latestMs.toFixed(3)} ms`
  return `${shortened(identityOf(value))}${end ?? ''}`
}
