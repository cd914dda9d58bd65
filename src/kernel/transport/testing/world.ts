import { UnumError } from '#kernel/base/errors.ts'
import type { Address, Clock, Connection, ConnectionHandler, Network, Random } from '#kernel/base/host.ts'
import { highWaterBytes } from '#kernel/base/host.ts'

/**
 * A world of manual time for the transport's own tests, small enough that a test can get between any two bytes: it cuts the
 * streams into pieces as it likes, changes bytes under way, and cuts links. Latency is always 1 ms.
 */
export class World {
  nowMs = 1000
  /** Cuts what was written into the pieces that arrive. */
  pieces: (bytes: Uint8Array) => Uint8Array[] = (bytes) => [bytes]
  /** Changes what arrives at a node. */
  tamper: ((bytes: Uint8Array, from: string, to: string) => Uint8Array) | undefined
  /** In flight or unread, per direction of a connection. */
  windowBytes = 1 << 18
  readonly connections: End[] = []
  readonly listeners = new Map<string, { process: Process; accept: (connection: Connection) => void }>()
  readonly #cuts = new Set<string>()
  readonly #events: { readonly atMs: number; run: (() => void) | undefined }[] = []
  #deferred: (() => void)[] = []
  #seed: number

  constructor(seed = 1) {
    this.#seed = seed
  }

  at(delayMs: number, run: () => void): { cancel(): void } {
    const event: { readonly atMs: number; run: (() => void) | undefined } = { atMs: this.nowMs + delayMs, run }
    let low = 0
    let high = this.#events.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#events[middle]!.atMs <= event.atMs) low = middle + 1
      else high = middle
    }
    this.#events.splice(low, 0, event)
    return {
      cancel: () => {
        event.run = undefined
      },
    }
  }

  /** Lets `durationMs` pass. */
  async run(durationMs: number): Promise<void> {
    const untilMs = this.nowMs + durationMs
    await this.#settle()
    while (this.#events.length > 0 && this.#events[0]!.atMs <= untilMs) await this.#step()
    this.nowMs = untilMs
  }

  /** Runs until `condition` holds; fails after `limitMs`. */
  async until(condition: () => boolean, limitMs = 60_000): Promise<void> {
    const untilMs = this.nowMs + limitMs
    await this.#settle()
    while (!condition()) {
      if (this.#events.length === 0 || this.#events[0]!.atMs > untilMs)
        throw new Error(`Not within ${limitMs} ms: ${condition}`)
      await this.#step()
    }
  }

  async #step(): Promise<void> {
    const event = this.#events.shift()!
    this.nowMs = Math.max(this.nowMs, event.atMs)
    if (!event.run) return
    event.run()
    await this.#settle()
  }

  async #settle(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve))
    while (this.#deferred.length > 0) {
      const deferred = this.#deferred
      this.#deferred = []
      for (const callback of deferred) callback()
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
  }

  /** A program that runs on the machine `host`. */
  process(host: string): Process {
    return new Process(this, host)
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback)
  }

  readonly random: Random = {
    uint32: () => {
      this.#seed = (this.#seed + 0x6d2b79f5) >>> 0
      let x = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed)
      x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x
      return (x ^ (x >>> 14)) >>> 0
    },
    float: () => this.random.uint32() / 2 ** 32,
    below: (bound) => Math.floor(this.random.float() * bound),
    bytes: (length) => Uint8Array.from({ length }, () => this.random.below(256)),
    child: () => this.random,
  }

  /** Nothing that `from` sends arrives at `to`, until healed. */
  cut(from: string, to: string): void {
    this.#cuts.add(`${from} ${to}`)
  }

  heal(): void {
    this.#cuts.clear()
    for (const end of this.connections) end.pump()
  }

  isCut(from: string, to: string): boolean {
    return this.#cuts.has(`${from} ${to}`)
  }

  connect(from: Process, address: Address, handler: ConnectionHandler): End {
    const near = new End(this, from, address.host)
    near.handler = handler
    this.connections.push(near)
    const attempt = () => {
      if (near.state !== 'opening') return
      if (this.isCut(from.host, address.host) || this.isCut(address.host, from.host)) {
        this.at(100, attempt)
        return
      }
      const listener = this.listeners.get(`${address.host}:${address.port}`)
      if (!listener) {
        near.close(new UnumError('CONNECTION_FAILED', 'refused'))
        return
      }
      const far = new End(this, listener.process, from.host)
      this.connections.push(far)
      near.other = far
      far.other = near
      far.state = 'open'
      listener.accept(far)
      this.at(1, () => {
        if (near.state !== 'opening') return
        near.state = 'open'
        near.handler.opened?.()
        near.pump()
      })
    }
    this.at(1, attempt)
    return near
  }
}

/** One start of a program: its own clock and network, both silent once it is killed. */
export class Process {
  readonly host: string
  alive = true
  readonly #world: World

  constructor(world: World, host: string) {
    this.#world = world
    this.host = host
  }

  readonly #whileAlive = (callback: () => void) => () => {
    if (this.alive) callback()
  }

  readonly clock: Clock = {
    monotonicMs: () => this.#world.nowMs,
    wallMs: () => this.#world.nowMs + 1.7e12,
    timer: (delayMs, callback) => this.#world.at(delayMs, this.#whileAlive(callback)),
    defer: (callback) => this.#world.defer(this.#whileAlive(callback)),
    sleep: (delayMs) => new Promise((resolve) => this.#world.at(delayMs, this.#whileAlive(resolve))),
  }

  readonly network: Network = {
    listen: async (address, accept) => {
      const key = `${address.host}:${address.port}`
      if (this.#world.listeners.has(key)) throw new UnumError('ADDRESS_IN_USE', key)
      this.#world.listeners.set(key, { process: this, accept })
      return { address, close: async () => void this.#world.listeners.delete(key) }
    },
    connect: (address, handler) => this.#world.connect(this, address, handler),
  }

  /** Its connections are reset and its listeners gone. */
  kill(): void {
    this.alive = false
    for (const [key, { process }] of this.#world.listeners) if (process === this) this.#world.listeners.delete(key)
    for (const end of this.#world.connections) if (end.process === this) end.die()
  }
}

/** One end of a connection. */
export class End implements Connection {
  handler: ConnectionHandler = { data() {}, closed() {} }
  state: 'opening' | 'open' | 'closed' = 'opening'
  other: End | undefined
  readonly process: Process
  readonly host: string
  /** The machine at the other end. */
  readonly peer: string
  queuedBytes = 0
  /** Calls of `write`. */
  writes = 0
  readonly #world: World
  #queue: Uint8Array[] = []
  #inFlightBytes = 0
  #inbox: Uint8Array[] = []
  #paused = false
  #ending = false
  #endSent = false
  #endArrived = false
  #high = false
  #lastArrivalMs = 0

  constructor(world: World, process: Process, peer: string) {
    this.#world = world
    this.process = process
    this.host = process.host
    this.peer = peer
  }

  write(bytes: Uint8Array): void {
    if (this.state === 'closed' || this.#ending || bytes.length === 0) return
    this.writes++
    this.#queue.push(bytes)
    this.queuedBytes += bytes.length
    if (this.queuedBytes > highWaterBytes) this.#high = true
    this.pump()
  }

  /** Sends what the window allows. */
  pump(): void {
    const other = this.other
    if (this.state !== 'open' || !other) return
    if (this.#world.isCut(this.host, this.peer)) return
    // Not for a few bytes of room: what halves again and again would end as single bytes.
    while (this.#queue.length > 0 && this.#inFlightBytes <= this.#world.windowBytes / 2) {
      const bytes = this.#queue.shift()!
      const length = Math.min(bytes.length, this.#world.windowBytes - this.#inFlightBytes)
      if (length < bytes.length) this.#queue.unshift(bytes.subarray(length))
      this.queuedBytes -= length
      this.#inFlightBytes += length
      // A copy: whoever writes to bytes that it gave away must not be able to change what arrives, nor be saved by it.
      const sent = Uint8Array.from(bytes.subarray(0, length))
      const arriving = this.#world.tamper?.(sent, this.host, this.peer) ?? sent
      for (const piece of this.#world.pieces(arriving)) this.#travel(() => other.#arrive(piece))
    }
    if (this.queuedBytes === 0 && this.#high) {
      this.#high = false
      this.#world.at(0, () => this.state === 'open' && this.handler.drained?.())
    }
    if (this.queuedBytes === 0 && this.#ending && !this.#endSent) {
      this.#endSent = true
      this.#travel(() => {
        other.#endArrived = true
        other.#read()
      })
    }
  }

  #travel(run: () => void): void {
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, this.#world.nowMs + 1)
    this.#world.at(this.#lastArrivalMs - this.#world.nowMs, run)
  }

  #arrive(piece: Uint8Array): void {
    if (this.state === 'closed') return
    this.#inbox.push(piece)
    this.#read()
  }

  #read(): void {
    while (!this.#paused && this.state === 'open' && this.#inbox.length > 0) {
      const piece = this.#inbox.shift()!
      this.handler.data(piece)
      piece.fill(0xdb)
      const other = this.other!
      other.#inFlightBytes -= piece.length
      other.pump()
    }
    if (!this.#paused && this.state === 'open' && this.#inbox.length === 0 && this.#endArrived) {
      if (this.handler.ended) this.handler.ended()
      else this.end()
      if (this.#endSent) this.close()
    }
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#world.at(0, () => this.#read())
  }

  end(): void {
    if (this.#ending || this.state === 'closed') return
    this.#ending = true
    this.pump()
    if (this.#endArrived) this.close()
  }

  destroy(): void {
    if (this.state === 'closed') return
    this.close()
    this.#resetOther()
  }

  close(error?: Error): void {
    if (this.state === 'closed') return
    this.state = 'closed'
    this.queuedBytes = 0
    this.#queue = []
    this.#inbox = []
    this.#world.at(0, () => this.handler.closed(error))
  }

  /** Its process is gone: it hears nothing any more, the other end is reset. */
  die(): void {
    if (this.state === 'closed') return
    this.state = 'closed'
    this.handler = { data() {}, closed() {} }
    this.#resetOther()
  }

  #resetOther(): void {
    const other = this.other
    if (!other || this.#world.isCut(this.host, this.peer)) return
    this.#travel(() => other.close(new UnumError('CONNECTION_FAILED', 'reset')))
  }
}
