import { list, nil } from '../redis/command.ts'
import type { TimedState } from '../redis/expiry-commands.ts'
import { timedCommands } from '../redis/expiry-commands.ts'
import type { GroupKeys, Step } from '../redis/group-commands.ts'
import { applyStep, mayChange } from '../redis/group-commands.ts'
import { stepsOf } from '../redis/requests.ts'
import { sameValue } from '../redis/value.ts'

/** What a careless server would do, to one operation to which it can be done. */
export type Flaw =
  | 'dropsWrite'
  | 'repeatsWrite'
  | 'halvesTransaction'
  | 'ignoresWatch'
  | 'readsStale'
  | 'forgetsDeadline'
  | 'expiresEarly'
  | 'revives'

/** So many writes ago is what a stale read shows. */
const staleWrites = 8

/** One object, a key or the keys of a tag, on one correct computer: what it would answer, operation by operation. */
export class ReferenceServer {
  #key: TimedState
  #ended: TimedState
  #wasSeenGone = false
  #keys: GroupKeys = new Map()
  readonly #past: GroupKeys[] = []
  #versions = new Map<string, number>()
  readonly #watches = new Map<number, Map<string, number>>()
  #flaw: Flaw | undefined

  /** Has the flaw show at the next operation where it can; a reply may not tell. */
  suffer(flaw: Flaw): void {
    this.#flaw = flaw
  }

  take(connection: number, command: string, argument: string, nowMs: number): string {
    switch (command) {
      case 'watch': {
        const watched = this.#watches.get(connection) ?? new Map<string, number>()
        for (const key of argument.split(' ')) watched.set(key, this.#versions.get(key) ?? 0)
        this.#watches.set(connection, watched)
        return '+OK'
      }
      case 'unwatch':
      case 'discard':
        this.#watches.delete(connection)
        return '+OK'
      case 'one':
      case 'across':
        return this.#done(stepsOf(argument))[0]!
      case 'exec': {
        const watched = [...(this.#watches.get(connection) ?? [])]
        this.#watches.delete(connection)
        const isStale = watched.some(([key, version]) => (this.#versions.get(key) ?? 0) !== version)
        if (isStale && !this.#shows('ignoresWatch')) return nil
        return list(this.#done(stepsOf(argument)))
      }
      default:
        return this.#takeKey(command, argument, nowMs)
    }
  }

  #shows(flaw: Flaw): boolean {
    if (this.#flaw !== flaw) return false
    this.#flaw = undefined
    return true
  }

  #done(steps: readonly Step[]): string[] {
    const replies: string[] = []
    const before = this.#keys
    const isStale = steps.every((step) => !mayChange(step, undefined)) && this.#shows('readsStale')
    let keys = isStale ? this.#past[0]! : this.#keys
    steps.forEach((step, i) => {
      const outcome = applyStep(keys, step)
      replies.push(outcome.reply)
      if (isStale || outcome.state === keys) return
      if (this.#shows('dropsWrite') || (i > 0 && this.#shows('halvesTransaction'))) return
      keys = outcome.state
      if (this.#shows('repeatsWrite')) keys = applyStep(keys, step).state
    })
    if (isStale || keys === before) return replies
    for (const key of new Set([...before.keys(), ...keys.keys()])) {
      if (!sameValue(before.get(key), keys.get(key))) this.#versions.set(key, (this.#versions.get(key) ?? 0) + 1)
    }
    this.#past.push(before)
    if (this.#past.length > staleWrites) this.#past.shift()
    this.#keys = keys
    return replies
  }

  #takeKey(command: string, argument: string, nowMs: number): string {
    const now = { earliestMs: nowMs, latestMs: nowMs }
    const deadlineMs = this.#key?.deadline?.earliestMs ?? Number.POSITIVE_INFINITY
    if (nowMs >= deadlineMs || (deadlineMs < nowMs + 1e6 && deadlineMs > nowMs + 20 && this.#shows('expiresEarly'))) {
      this.#ended = this.#key
      this.#key = undefined
    }
    const row = timedCommands[command]!
    if (this.#wasSeenGone && this.#key === undefined && !row.changes(undefined) && this.#shows('revives')) {
      this.#key = this.#ended
    }
    this.#wasSeenGone = this.#key === undefined && this.#ended !== undefined
    const { state, reply } = row.apply(this.#key, argument, now)
    const said = typeof reply === 'string' ? reply : `:${Math.round(reply.earliestMs)}`
    if (!row.changes(said) || this.#shows('dropsWrite')) return said
    this.#key = state
    if (this.#shows('repeatsWrite')) this.#key = row.apply(state, argument, now).state
    if (this.#key?.deadline !== undefined && this.#shows('forgetsDeadline')) {
      this.#key = { ...this.#key, deadline: undefined }
    }
    return said
  }
}
