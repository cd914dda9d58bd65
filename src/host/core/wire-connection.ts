import { assert, UnumError } from '#kernel/base/errors.ts'
import type { Connection, ConnectionHandler } from '#kernel/base/host.ts'
import { highWaterBytes } from '#kernel/base/host.ts'
import { digestBytes } from './digest.ts'
import type { EventKind, Process } from './scheduler.ts'
import { eventKinds } from './scheduler.ts'
import { SendQueue } from './send-queue.ts'
import type { WireMachine, WireNetwork } from './wire-network.ts'

/** What travels in one direction, in order. */
type Item = Uint8Array | 'open' | 'end'

const unsetHandler: ConnectionHandler = {
  data() {
    assert(false, 'accept sets the handler before it returns')
  },
  closed() {
    assert(false, 'accept sets the handler before it returns')
  },
}

/**
 * One side of a connection of the in-memory network: a byte stream with the visible behaviour of TCP.
 *
 * Invariants:
 * 1. Items of one direction arrive in the order in which they were sent, whatever is delayed or stalled.
 * 2. `inFlightBytes` counts what was taken from `write` and not yet acknowledged as read; it stays at or below the window.
 * 3. After `#closed` no callback runs but `handler.closed`, once.
 */
export class WireConnection implements Connection {
  handler: ConnectionHandler = unsetHandler
  readonly peer: string
  readonly machine: WireMachine
  readonly process: Process
  readonly #network: WireNetwork
  readonly #spread: number
  /** The other side; unset until a listener took the connection. */
  other: WireConnection | undefined
  #opened = false
  #closed = false

  readonly #queue = new SendQueue()
  #inFlightBytes = 0
  /** Read by the other side while its acknowledgements could not come back. */
  #unacknowledgedBytes = 0
  #flushQueued = false
  #aboveHighWater = false
  #ending = false
  #endSent = false
  #lastArrivalUs = 0
  #stalled: Item[] = []
  #stalledSinceUs = 0

  #inbox: Uint8Array[] = []
  #paused = false
  #endArrived = false
  #endHandled = false

  constructor(network: WireNetwork, machine: WireMachine, process: Process, peer: string, spread: number) {
    this.#network = network
    this.machine = machine
    this.process = process
    this.peer = peer
    this.#spread = spread
    machine.connections.add(this)
  }

  get isOpening(): boolean {
    return !this.#opened && !this.#closed
  }

  get queuedBytes(): number {
    return this.#queue.bytes
  }

  /** A one-way delay of this connection. */
  delayUs(): number {
    const factor = Math.max(this.machine.delayFactor, this.other?.machine.delayFactor ?? 1)
    return Math.round(this.#network.wire.delayUs(this.#spread) * factor)
  }

  /** The side that a listener made: it is open at once and tells the other. */
  acceptFrom(other: WireConnection): void {
    this.other = other
    other.other = this
    this.#opened = true
    this.#send('open', 0)
  }

  write(bytes: Uint8Array): void {
    if (this.#closed || this.#ending || bytes.length === 0) return
    this.#queue.push(bytes)
    if (this.queuedBytes > highWaterBytes) this.#aboveHighWater = true
    this.#queueFlush()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    if (this.#inbox.length > 0 || (this.#endArrived && !this.#endHandled)) {
      this.#after(0, eventKinds.delivery, this.machine, 0, () => this.#enter(() => this.#read()))
    }
  }

  end(): void {
    if (this.#closed || this.#ending) return
    this.#ending = true
    this.#queueFlush()
  }

  destroy(): void {
    if (this.#closed) return
    const unread = this.#inbox.length > 0
    this.#shut()
    this.#hangUp(unread)
    this.#after(0, eventKinds.closed, this.machine, 0, () => this.#enter(() => this.handler.closed()))
  }

  /** The connection is lost: with `error`, or without one after a proper end. */
  fail(error: Error | undefined): void {
    if (this.#closed) return
    if (error) this.#dropStalled()
    this.#shut()
    this.#after(0, eventKinds.closed, this.machine, 1, () => this.#enter(() => this.handler.closed(error)))
  }

  /** The process is gone. What the system had taken is still sent, then the system closes for it. */
  abandon(): void {
    if (this.#closed) return
    const unread = this.#inbox.length > 0
    this.#shut()
    this.#hangUp(unread)
  }

  /** The machine is gone: nobody says a word to the other side. */
  vanish(): void {
    this.#dropStalled()
    this.#shut()
  }

  #dropStalled(): void {
    this.#stalled = []
    this.#network.stalled.delete(this)
  }

  #shut(): void {
    this.#closed = true
    this.#queue.clear()
    this.#inbox = []
    this.machine.connections.delete(this)
  }

  /** What a system sends for a socket that is closed: an end, or a reset where bytes were left unread. */
  #hangUp(unread: boolean): void {
    if (!this.other) return
    if (unread) this.#sendReset(this.other)
    else if (!this.#endSent && this.#opened) {
      this.#endSent = true
      this.#send('end', 0)
    }
  }

  #sendReset(to: WireConnection): void {
    this.#after(this.delayUs(), eventKinds.resetArrives, to.machine, 0, () => {
      if (this.#network.isCut(this.machine, to.machine)) return
      to.fail(new UnumError('CONNECTION_FAILED', `Connection to ${to.peer} was reset`))
    })
  }

  // Sending.

  #queueFlush(): void {
    if (this.#flushQueued) return
    this.#flushQueued = true
    this.#network.scheduler.atTurnEnd(this.process, () => this.#flush())
  }

  #flush(): void {
    this.#flushQueued = false
    if (!this.#opened || this.#closed) return
    const wire = this.#network.wire
    while (this.queuedBytes > 0 && this.#inFlightBytes < wire.windowBytes) {
      const length = wire.segmentBytes(Math.min(this.queuedBytes, wire.windowBytes - this.#inFlightBytes))
      const segment = this.#queue.take(length)
      this.#inFlightBytes += length
      this.#send(segment, digestBytes(segment))
    }
    if (this.queuedBytes > 0) return
    if (this.#aboveHighWater) {
      this.#aboveHighWater = false
      this.#after(0, eventKinds.drained, this.machine, 0, () =>
        this.#enter(() => {
          if (!this.#closed) this.handler.drained?.()
        }),
      )
    }
    if (this.#ending && !this.#endSent) {
      this.#endSent = true
      this.#send('end', 0)
    }
    this.#closeIfDone()
  }

  #send(item: Item, digest: number): void {
    const now = this.#network.scheduler.nowUs()
    const departure = this.machine.depart(
      now,
      this.#network.wire.transferUs(typeof item === 'string' ? 0 : item.length),
    )
    this.#lastArrivalUs = Math.max(this.#lastArrivalUs, departure + this.delayUs())
    this.#deliverAt(this.#lastArrivalUs - now, item, digest)
  }

  #deliverAt(delayUs: number, item: Item, digest: number): void {
    const kind =
      item === 'open' ? eventKinds.acceptArrives : item === 'end' ? eventKinds.endArrives : eventKinds.segmentArrives
    this.#after(delayUs, kind, this.other!.machine, digest, () => this.#arriveAtOther(item))
  }

  #arriveAtOther(item: Item): void {
    const other = this.other!
    if (this.#stalled.length > 0 || !this.#network.reaches(this.machine, other.machine)) this.#stall(item)
    else other.#arrive(item)
  }

  /** No acknowledgement comes: the system sends it again, for so long. */
  #stall(item: Item): void {
    this.#stalled.push(item)
    if (this.#stalled.length === 1) this.#startStall()
  }

  #startStall(): void {
    const since = this.#network.scheduler.nowUs()
    this.#stalledSinceUs = since
    this.#network.stalled.add(this)
    this.#after(this.#network.wire.stallTimeoutUs(), eventKinds.stallTimeout, this.machine, 0, () => {
      if (!this.#network.stalled.has(this) || this.#stalledSinceUs !== since) return
      this.#dropStalled()
      this.fail(new UnumError('CONNECTION_FAILED', `Connection to ${this.peer} timed out`))
    })
  }

  /** The path may be whole again: goes on, or finds that the connection has died meanwhile. */
  pathChanged(): void {
    const other = this.other!
    const { scheduler, wire } = this.#network
    const [from, to] = this.#stalled.length > 0 ? [this.machine, other.machine] : [other.machine, this.machine]
    if (!this.#network.reaches(from, to)) return
    const since = this.#stalledSinceUs
    const dies = wire.resetsAfterStall()
    const delayUs = wire.retransmitUs(scheduler.nowUs() - since)
    this.#after(delayUs, eventKinds.resumed, this.machine, dies ? 1 : 0, () => {
      if (!this.#network.stalled.has(this) || this.#stalledSinceUs !== since) return
      if (!this.#network.reaches(from, to)) return
      this.#network.stalled.delete(this)
      const items = this.#stalled
      this.#stalled = []
      if (dies) {
        this.fail(new UnumError('CONNECTION_FAILED', `Connection to ${this.peer} was reset`))
        other.fail(new UnumError('CONNECTION_FAILED', `Connection to ${other.peer} was reset`))
        return
      }
      for (const item of items) this.#deliverAt(0, item, 0)
      this.#lastArrivalUs = Math.max(this.#lastArrivalUs, scheduler.nowUs())
      const acknowledged = this.#unacknowledgedBytes
      this.#unacknowledgedBytes = 0
      this.#acknowledge(acknowledged)
    })
  }

  /** The other side has read `length` bytes. */
  #acknowledge(length: number): void {
    if (!this.#network.reaches(this.other!.machine, this.machine)) {
      this.#unacknowledgedBytes += length
      if (!this.#network.stalled.has(this)) this.#startStall()
      return
    }
    this.#inFlightBytes -= length
    if (this.queuedBytes > 0 && !this.#flushQueued) {
      this.#flushQueued = true
      this.#after(this.delayUs(), eventKinds.windowArrives, this.machine, length, () => this.#flush())
    }
  }

  // Receiving.

  #arrive(item: Item): void {
    if (this.#closed) {
      if (item !== 'end') this.#sendReset(this.other!)
      return
    }
    if (item === 'open') {
      this.#opened = true
      this.#enter(() => {
        if (this.#closed) return
        this.handler.opened?.()
        if (this.queuedBytes > 0 || this.#ending) this.#queueFlush()
      })
      return
    }
    if (item === 'end') this.#endArrived = true
    else this.#inbox.push(item)
    if (!this.#paused) this.#enter(() => this.#read())
  }

  /** Hands over what has arrived, in chunks that are good only during the call, as those of an operating system are. */
  #read(): void {
    const buffer = this.#network.readBuffer
    while (!this.#paused && !this.#closed && this.#inbox.length > 0) {
      let filled = 0
      while (this.#inbox.length > 0 && filled < buffer.length) {
        const segment = this.#inbox[0]!
        const count = Math.min(segment.length, buffer.length - filled)
        buffer.set(count === segment.length ? segment : segment.subarray(0, count), filled)
        filled += count
        if (count === segment.length) this.#inbox.shift()
        else this.#inbox[0] = segment.subarray(count)
      }
      this.other!.#acknowledge(filled)
      this.handler.data(buffer.subarray(0, filled))
      // Whoever kept the chunk instead of copying it reads this from now on.
      buffer.fill(0xdb, 0, filled)
    }
    if (this.#paused || this.#closed || !this.#endArrived || this.#endHandled) return
    this.#endHandled = true
    if (this.handler.ended) this.handler.ended()
    else this.end()
    this.#closeIfDone()
  }

  #closeIfDone(): void {
    if (this.#endSent && this.#endHandled) this.fail(undefined)
  }

  #enter(callback: () => void): void {
    this.#network.scheduler.enter(this.process, callback)
  }

  #after(delayUs: number, kind: EventKind, machine: WireMachine, digest: number, action: () => void): void {
    this.#network.scheduler.after(delayUs, kind, machine.index, digest, action)
  }
}
