import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { assert } from '#kernel/base/errors.ts'
import type { Clock } from '#kernel/base/host.ts'
import type { Group } from '#kernel/consensus/group.ts'
import { entryKinds } from '#kernel/consensus/raft.ts'
import type { LogEntry } from '#kernel/storage/log/node-log-types.ts'
import {
  baseSequenceAt,
  batchBytesAt,
  lastOffsetDeltaAt,
  maxTimestampAt,
  producerEpochAt,
  producerIdAt,
  setBaseOffset,
  setLeaderEpoch,
} from './batch.ts'
import { entryTypes, startEntry } from './entry.ts'
import type { PartitionLog } from './partition-log.ts'
import { judgeSequence, type ProducerState, sequenceAfter, withBatch } from './producers.ts'

/** What came of batches that were given to a partition. */
export type ProduceOutcome =
  | { readonly kind: 'done'; readonly baseOffset: number }
  /** Sent before: this is where they are. */
  | { readonly kind: 'duplicate'; readonly baseOffset: number }
  | { readonly kind: 'not leader' | 'out of order' | 'stale epoch' | 'unknown producer' | 'disk full' | 'busy' }
  /** Leadership ended while they were on their way: they may be there or not. */
  | { readonly kind: 'unknown' }

export type Produced = (outcome: ProduceOutcome) => void

interface Flight {
  /** 0: not proposed yet. */
  index: number
  bytes: number
  readonly waiting: { readonly produced: Produced; readonly outcome: ProduceOutcome }[]
}

interface Waiting {
  readonly bytes: Uint8Array
  readonly produced: Produced
}

/** Entries that are proposed and not committed. */
const flightsMax = 8

/**
 * What a partition's replica does while it leads: gives batches their offsets and its epoch, gathers those of a turn into an entry, answers
 * when it is committed.
 *
 * Invariants:
 * Q1. Offsets are given in the order of the entries, from the end of the log on; what was in flight when leadership ends gets none.
 * Q2. A producer's sequence is judged by what is committed and what is in flight before it.
 */
export class PartitionLeader {
  readonly #clock: Clock
  readonly #limits: { readonly inFlightBytesMax: number; readonly entryBytesMax: number }
  readonly #store: () => PartitionLog
  readonly #touch: () => void
  /** Term that is served; 0: none. */
  #term = 0
  #isLeading = false
  /** The offset that the next record gets. */
  #nextOffset = 0
  #entry = new ByteWriter(1 << 16)
  #open: Flight = newFlight()
  #flights: Flight[] = []
  #inFlightBytes = 0
  /** States of producers with batches in flight. */
  readonly #producers = new Map<number, { state: ProducerState; flight: Flight }>()
  /** What came before this replica was ready, or finds no room. */
  #waiting: Waiting[] = []
  #waitingBytes = 0
  #answers: { readonly produced: Produced; readonly outcome: ProduceOutcome }[] = []
  /** The group whose term is served, for what must be proposed now. */
  #group: Group | undefined
  isDiskFull = false

  constructor(options: {
    readonly clock: Clock
    readonly limits: { readonly inFlightBytesMax: number; readonly entryBytesMax: number }
    readonly store: () => PartitionLog
    readonly touch: () => void
  }) {
    this.#clock = options.clock
    this.#limits = options.limits
    this.#store = options.store
    this.#touch = options.touch
  }

  /** Whether produce requests are taken: at once, or when this replica, which leads, has learnt what is committed. */
  get isLeading(): boolean {
    return this.#isLeading
  }

  /** Whether this replica leads and knows all that is committed: only then its end is the partition's. */
  get isServing(): boolean {
    return this.#term !== 0
  }

  /**
   * Whether nobody else can lead now. Where that is not certain it is asked of the others, and will be soon.
   */
  isCertain(): boolean {
    const group = this.#group
    if (this.#term === 0 || !group) return false
    const nowMs = this.#clock.monotonicMs()
    if (group.raft.holdsLease(nowMs)) return true
    group.raft.confirm(nowMs)
    this.#touch()
    return false
  }

  /** @returns whether leadership began or ended, or this replica has become ready to serve */
  changed(group: Group): boolean {
    this.#group = group
    const { raft } = group
    const wasLeading = this.#isLeading
    const wasServing = this.isServing
    const hasEnded = this.#term !== 0 && (raft.role !== 'leader' || raft.term !== this.#term)
    if (hasEnded) this.#end()
    this.#isLeading = raft.role === 'leader'
    if (!this.#isLeading && this.#waiting.length > 0) this.#refuseWaiting('not leader')
    if (this.#term === 0 && this.#isLeading && raft.isReady) {
      this.#term = raft.term
      this.#nextOffset = this.#store().nextOffset
      this.#takeWaiting()
    }
    return this.#isLeading !== wasLeading || this.isServing !== wasServing
  }

  /**
   * Takes batches that were validated. @param bytes `[start, end)` belongs to the caller again when this returns
   */
  produce(bytes: Uint8Array, start: number, end: number, produced: Produced): void {
    if (!this.#isLeading) produced({ kind: 'not leader' })
    else if (this.isDiskFull) produced({ kind: 'disk full' })
    else if (this.#term === 0 || this.#waiting.length > 0 || !this.#hasRoom()) {
      if (this.#waitingBytes + end - start > this.#limits.inFlightBytesMax && this.#waiting.length > 0) {
        produced({ kind: 'busy' })
        return
      }
      this.#waiting.push({ bytes: bytes.slice(start, end), produced })
      this.#waitingBytes += end - start
    } else this.#take(bytes, start, end, produced)
  }

  #hasRoom(): boolean {
    const isOffered = this.#group?.raft.transfer !== undefined
    return !isOffered && this.#inFlightBytes + this.#entry.length < this.#limits.inFlightBytesMax
  }

  /** All of its batches, or none. */
  #take(bytes: Uint8Array, start: number, end: number, produced: Produced): void {
    const judged = this.#judge(bytes, start, end)
    if (judged.kind === 'duplicate') {
      const flight = this.#flightOf(judged.baseOffset)
      if (flight) flight.waiting.push({ produced, outcome: judged })
      else produced(judged)
      return
    }
    if (judged.kind !== 'done') {
      produced(judged)
      return
    }
    const entry = this.#entry
    if (entry.length === 0) entry.uint8(entryTypes.batches)
    const baseOffset = this.#nextOffset
    const from = entry.length
    entry.rawRange(bytes, start, end)
    for (let at = from; at < entry.length; at += batchBytesAt(entry.bytes, at)) {
      setBaseOffset(entry.bytes, at, this.#nextOffset)
      setLeaderEpoch(entry.bytes, at, this.#term)
      this.#noteProducer(entry.bytes, at)
      this.#nextOffset += lastOffsetDeltaAt(entry.bytes, at) + 1
    }
    this.#open.waiting.push({ produced, outcome: { kind: 'done', baseOffset } })
    if (entry.length >= this.#limits.entryBytesMax) this.#close(this.#group!)
    else this.#touch()
  }

  /** Only single batches of a producer are asked for by clients (Kafka refuses several of one). */
  #judge(bytes: Uint8Array, start: number, end: number): ProduceOutcome {
    for (let at = start; at < end; at += batchBytesAt(bytes, at)) {
      const producerId = producerIdAt(bytes, at)
      const firstSequence = baseSequenceAt(bytes, at)
      if (producerId < 0 || firstSequence < 0) continue
      const known = this.#producers.get(producerId)?.state ?? this.#store().producers.get(producerId)
      const lastSequence = sequenceAfter(firstSequence, lastOffsetDeltaAt(bytes, at))
      const verdict = judgeSequence(known, { epoch: producerEpochAt(bytes, at), firstSequence, lastSequence })
      if (verdict.kind === 'duplicate') return { kind: 'duplicate', baseOffset: verdict.baseOffset }
      if (verdict.kind !== 'next') return { kind: verdict.kind }
    }
    return { kind: 'done', baseOffset: this.#nextOffset }
  }

  #noteProducer(bytes: Uint8Array, at: number): void {
    const producerId = producerIdAt(bytes, at)
    const firstSequence = baseSequenceAt(bytes, at)
    if (producerId < 0 || firstSequence < 0) return
    const known = this.#producers.get(producerId)?.state ?? this.#store().producers.get(producerId)
    const state = withBatch(known, producerEpochAt(bytes, at), {
      firstSequence,
      lastSequence: sequenceAfter(firstSequence, lastOffsetDeltaAt(bytes, at)),
      baseOffset: this.#nextOffset,
      timestamp: maxTimestampAt(bytes, at),
    })
    this.#producers.set(producerId, { state, flight: this.#open })
  }

  /** What is not committed yet, and holds `offset`. */
  #flightOf(offset: number): Flight | undefined {
    if (offset < this.#store().nextOffset) return undefined
    for (const { state, flight } of this.#producers.values()) {
      if (state.batches.some(({ baseOffset }) => baseOffset === offset)) return flight
    }
    return undefined
  }

  /** Records below `offset` are to be gone. @returns false: this replica does not lead */
  moveStart(offset: number): boolean {
    const group = this.#group
    if (this.#term === 0 || !group || group.raft.transfer) return false
    this.#close(group)
    group.raft.propose(entryKinds.command, startEntry(offset))
    this.#touch()
    return true
  }

  propose(group: Group): void {
    if (this.#term === 0 || this.#entry.length === 0 || this.#flights.length >= flightsMax || group.raft.transfer)
      return
    this.#close(group)
  }

  #close(group: Group): void {
    if (this.#entry.length === 0) return
    const flight = this.#open
    const data = this.#entry.take()
    flight.index = group.raft.propose(entryKinds.command, data)
    flight.bytes = data.length
    assert(flight.index > 0, 'a serving leader can propose')
    this.#inFlightBytes += data.length
    this.#flights.push(flight)
    this.#open = newFlight()
    this.#touch()
  }

  /** After an entry was applied. */
  applied(entry: LogEntry): void {
    const flight = this.#flights[0]
    if (!flight || flight.index !== entry.index || entry.term !== this.#term) return
    this.#flights.shift()
    this.#inFlightBytes -= flight.bytes
    for (const answer of flight.waiting) this.#answers.push(answer)
    for (const [producerId, known] of this.#producers) {
      if (known.flight === flight) this.#producers.delete(producerId)
    }
  }

  /** After all that could be applied in this turn was: answers go out, what had no room is taken. */
  deliver(): void {
    const answers = this.#answers
    this.#answers = []
    for (const { produced, outcome } of answers) produced(outcome)
    if (this.#waiting.length > 0) this.#takeWaiting()
    if (this.#entry.length > 0) this.#touch()
  }

  #takeWaiting(): void {
    let taken = 0
    while (taken < this.#waiting.length && this.#term !== 0 && this.#hasRoom()) {
      const { bytes, produced } = this.#waiting[taken++]!
      this.#waitingBytes -= bytes.length
      this.#take(bytes, 0, bytes.length, produced)
    }
    this.#waiting.splice(0, taken)
  }

  #refuseWaiting(kind: 'not leader'): void {
    const waiting = this.#waiting
    this.#waiting = []
    this.#waitingBytes = 0
    for (const { produced } of waiting) produced({ kind })
  }

  #end(): void {
    this.#term = 0
    const answers = this.#answers
    const unknown = this.#flights.flatMap(({ waiting }) => waiting)
    const refused = this.#open.waiting
    this.#answers = []
    this.#flights = []
    this.#open = newFlight()
    this.#entry.clear()
    this.#inFlightBytes = 0
    this.#producers.clear()
    for (const { produced, outcome } of answers) produced(outcome)
    for (const { produced } of unknown) produced({ kind: 'unknown' })
    for (const { produced } of refused) produced({ kind: 'not leader' })
  }

  close(): void {
    this.#isLeading = false
    if (this.#term !== 0) this.#end()
    this.#refuseWaiting('not leader')
  }
}

function newFlight(): Flight {
  return { index: 0, bytes: 0, waiting: [] }
}
