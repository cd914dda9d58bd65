import { setTimeout as sleep } from 'node:timers/promises'
import type { Endpoint } from '../sides/side.ts'
import { RespClient } from './resp-client.ts'

const silenceMsMax = 15_000
const retryMs = 10
const stopMsMax = 20_000
const keysPerRead = 500

/**
 * Clients that write without end, each one a new key after the last was acknowledged, and remember what was. A client whose
 * connection breaks, or that is told of an error, goes on at the next node with a new key: what became of the old one it does not know.
 */
export class AcknowledgedWrites implements Disposable {
  /** Keys by client: the n-th is `PREFIX:CLIENT:n`, with n as its value. */
  readonly #acknowledged: number[][]
  readonly #prefix: string
  readonly #endpoints: readonly Endpoint[]
  readonly #loops: Promise<void>[]
  readonly #connections = new Set<RespClient>()
  readonly #lastMs: number[]
  #lastOfAllMs = performance.now()
  #longestMs = 0
  #longestClientMs = 0
  #isStopping = false

  constructor(endpoints: readonly Endpoint[], clients: number, prefix: string) {
    this.#endpoints = endpoints
    this.#prefix = prefix
    this.#acknowledged = Array.from({ length: clients }, () => [])
    this.#lastMs = this.#acknowledged.map(() => performance.now())
    this.#loops = this.#acknowledged.map((_, client) => this.#write(client))
  }

  get count(): number {
    return this.#acknowledged.reduce((sum, list) => sum + list.length, 0)
  }

  /** The longest time without any acknowledgement; one that lasts counts as far as it has come. */
  get longestGapMs(): number {
    return Math.max(this.#longestMs, this.#isStopping ? 0 : performance.now() - this.#lastOfAllMs)
  }

  get longestClientGapMs(): number {
    return this.#longestClientMs
  }

  resetGaps(): void {
    this.#longestMs = 0
    this.#longestClientMs = 0
  }

  async stop(): Promise<void> {
    const longest = this.longestGapMs
    this.#isStopping = true
    this.#longestMs = longest
    const ended = Promise.all(this.#loops).then(() => true)
    if (!(await Promise.race([ended, sleep(stopMsMax, false, { ref: false })]))) {
      throw new Error(`a write was not answered within ${stopMsMax} ms`)
    }
  }

  /** Reads every acknowledged key there. */
  async countMissingAt(endpoint: Endpoint): Promise<number> {
    using client = new RespClient(endpoint, silenceMsMax)
    let missing = 0
    for (const [writer, numbers] of this.#acknowledged.entries()) {
      for (let at = 0; at < numbers.length; at += keysPerRead) {
        const part = numbers.slice(at, at + keysPerRead)
        const reply = await client.send('MGET', ...part.map((n) => this.#key(writer, n)))
        if (reply.kind !== 'array') throw new Error(`MGET was answered with ${JSON.stringify(reply)}`)
        for (const [i, item] of reply.items.entries()) {
          if (item.kind !== 'bulk' || item.bytes.toString() !== `${part[i]}`) missing++
        }
      }
    }
    return missing
  }

  [Symbol.dispose](): void {
    this.#isStopping = true
    for (const connection of this.#connections) connection[Symbol.dispose]()
  }

  #key(client: number, n: number): string {
    return `${this.#prefix}:${client}:${n}`
  }

  async #write(client: number): Promise<void> {
    let at = client
    for (let n = 0; !this.#isStopping; at++) {
      using connection = new RespClient(this.#endpoints[at % this.#endpoints.length]!, silenceMsMax)
      this.#connections.add(connection)
      try {
        while (!this.#isStopping) {
          const number = n++
          const reply = await connection.send('SET', this.#key(client, number), `${number}`)
          if (reply.kind === 'error') break
          this.#wasAcknowledged(client, number)
        }
      } catch {
        // The connection broke.
      }
      this.#connections.delete(connection)
      if (!this.#isStopping) await sleep(retryMs)
    }
  }

  #wasAcknowledged(client: number, n: number): void {
    const nowMs = performance.now()
    this.#longestMs = Math.max(this.#longestMs, nowMs - this.#lastOfAllMs)
    this.#longestClientMs = Math.max(this.#longestClientMs, nowMs - this.#lastMs[client]!)
    this.#lastOfAllMs = nowMs
    this.#lastMs[client] = nowMs
    this.#acknowledged[client]!.push(n)
  }
}
