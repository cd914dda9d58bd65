import { Fifo } from '#kernel/base/fifo.ts'
import type { ShardCall } from './shard-call.ts'

/** Calls that wait for the same thing, in order. It knows without a search whether a session has any among them. */
export class CallQueue {
  #calls = new Fifo<ShardCall>()
  readonly #counts = new Map<string, number>()

  get length(): number {
    return this.#calls.length
  }

  push(call: ShardCall): void {
    this.#calls.push(call)
    const key = sessionKey(call)
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
  }

  shift(): ShardCall | undefined {
    const call = this.#calls.shift()
    if (call === undefined) return undefined
    const key = sessionKey(call)
    const left = this.#counts.get(key)! - 1
    if (left > 0) this.#counts.set(key, left)
    else this.#counts.delete(key)
    return call
  }

  /** Whether a call of the same session waits here. */
  hasSession(key: string): boolean {
    return this.#counts.size > 0 && this.#counts.has(key)
  }

  /** Takes out what one session has here. */
  takeSession(key: string): ShardCall[] {
    const taken: ShardCall[] = []
    if (!this.#counts.delete(key)) return taken
    const calls = new Fifo<ShardCall>()
    for (const call of this.#calls) (sessionKey(call) === key ? taken : calls).push(call)
    this.#calls = calls
    return taken
  }

  take(): ShardCall[] {
    this.#counts.clear()
    return this.#calls.take()
  }
}

/** Names the session among those of all gateways. */
export function sessionKey(call: ShardCall): string {
  return `${call.gateway} ${call.session}`
}
