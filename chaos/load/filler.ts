import { NodeClock } from '#host/node/node-clock.ts'
import { NodeNetwork } from '#host/node/node-network.ts'
import { turn } from '#host/node/turn.ts'
import type { Address, Timer } from '#kernel/base/host.ts'
import { RedisConnection } from '#lab/workload/redis-connection.ts'
import { FillerLedger, fillerValue } from './filler-ledger.ts'

export interface FillerOptions {
  readonly addresses: readonly Address[]
  readonly valueBytes: number
  readonly bytesPerSecond: number
  /** Told what was read that cannot be. */
  readonly violation: (text: string) => void
}

const keyCount = 48
const timeoutMs = 4000
const reconnectMs = 50

/**
 * One client that writes large values, one after the other: so that logs are cut, tables flushed and compacted, and a node that was
 * away for long is sent files. Goes to the next node when its connection breaks.
 */
export class Filler implements Disposable {
  readonly #options: FillerOptions
  readonly #clock = new NodeClock(turn)
  readonly #network = new NodeNetwork(turn)
  readonly ledger: FillerLedger
  #connection: RedisConnection | undefined
  #target = 0
  #reads = keyCount >> 1
  #reading: string | undefined
  #timer: Timer | undefined
  #isOver = false

  constructor(options: FillerOptions) {
    this.#options = options
    this.ledger = new FillerLedger(options.valueBytes)
  }

  start(): void {
    this.#connect()
  }

  finish(): void {
    this.#isOver = true
    this.#timer?.cancel()
    this.#connection?.destroy()
  }

  /** Reads every key through one node. @returns what was wrong; undefined as long as it does not answer */
  readAll(node: number): Promise<string[] | undefined> {
    const keys = this.ledger.keys
    const wrong: string[] = []
    let answered = 0
    return new Promise((resolve) => {
      const timer = this.#clock.timer(timeoutMs * 4, () => connection.destroy())
      const connection = new RedisConnection(this.#network, this.#options.addresses[node]!, {
        opened: () => {
          for (const key of keys) connection.send(['GET', key])
          connection.flush()
          if (keys.length === 0) connection.destroy()
        },
        replied: (reply) => {
          const key = keys[answered++]!
          if (reply.startsWith('-')) connection.destroy()
          else {
            const problem = this.ledger.judge(key, reply === '_' ? undefined : reply.slice(1))
            if (problem !== undefined) wrong.push(problem)
            if (answered === keys.length) connection.destroy()
          }
        },
        closed: () => {
          timer.cancel()
          resolve(answered === keys.length ? wrong : undefined)
        },
      })
    })
  }

  #connect(): void {
    const { addresses } = this.#options
    this.#connection = new RedisConnection(this.#network, addresses[this.#target % addresses.length]!, {
      opened: () => this.#write(),
      replied: (reply) => this.#replied(reply),
      closed: () => {
        this.ledger.unknown()
        this.#reading = undefined
        this.#timer?.cancel()
        this.#target++
        if (!this.#isOver) this.#timer = this.#clock.timer(reconnectMs, () => this.#connect())
      },
    })
    this.#timer = this.#clock.timer(timeoutMs, () => this.#connection?.destroy())
  }

  /** After each write some other key is read: what was written long ago comes from files. */
  #replied(reply: string): void {
    const { valueBytes, bytesPerSecond, violation } = this.#options
    this.#timer?.cancel()
    const read = this.#reading
    this.#reading = undefined
    if (read === undefined) {
      if (reply === '+OK') this.ledger.acknowledged()
      else this.ledger.unknown()
      this.#read()
      return
    }
    const problem = reply.startsWith('-')
      ? undefined
      : this.ledger.judge(read, reply === '_' ? undefined : reply.slice(1))
    if (problem !== undefined) violation(`while faults went on, ${problem}`)
    if (!this.#isOver) this.#timer = this.#clock.timer((1000 * valueBytes) / bytesPerSecond, () => this.#write())
  }

  #write(): void {
    const { key, sequence } = this.ledger.asked(keyCount)
    this.#send(['SET', key, fillerValue(sequence, this.#options.valueBytes)])
  }

  #read(): void {
    const { keys } = this.ledger
    this.#reading = keys[this.#reads++ % keys.length]!
    this.#send(['GET', this.#reading])
  }

  #send(words: readonly string[]): void {
    this.#connection!.send(words)
    this.#connection!.flush()
    this.#timer?.cancel()
    this.#timer = this.#clock.timer(timeoutMs, () => this.#connection?.destroy())
  }

  [Symbol.dispose](): void {
    void this.#network.close()
  }
}
