import type { ByteReader } from '#kernel/base/byte-reader.ts'
import type { ByteWriter } from '#kernel/base/byte-writer.ts'

/** A batch of a producer that the partition has, or is about to have. */
export interface ProducedBatch {
  readonly firstSequence: number
  readonly lastSequence: number
  readonly baseOffset: number
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number
}

export interface ProducerState {
  readonly epoch: number
  /** Newest last, at most `batchesKept`; empty: of this epoch there is none yet. */
  readonly batches: readonly ProducedBatch[]
}

/** How many of its last batches a producer may repeat: it has at most so many under way (KIP-98, `max.in.flight`). */
export const batchesKept = 5

export type SequenceVerdict =
  | { readonly kind: 'next' }
  | { readonly kind: 'duplicate'; readonly baseOffset: number; readonly timestamp: number }
  | { readonly kind: 'out of order' | 'stale epoch' | 'unknown producer' }

/** Sequences wrap from 2^31 - 1 to 0. */
export function sequenceAfter(sequence: number, count: number): number {
  return (sequence + count) % 2 ** 31
}

/** What a batch is to what is known of its producer. `known` undefined: nothing. */
export function judgeSequence(
  known: ProducerState | undefined,
  batch: { readonly epoch: number; readonly firstSequence: number; readonly lastSequence: number },
): SequenceVerdict {
  // In the middle of a sequence what came before was not taken, or is forgotten. To take it would be to lose its order: a batch
  // may be let in where the one before it, sent along with it, was sent away. Kafka takes it.
  if (known === undefined) return { kind: batch.firstSequence === 0 ? 'next' : 'unknown producer' }
  if (batch.epoch < known.epoch) return { kind: 'stale epoch' }
  if (batch.epoch > known.epoch) return { kind: batch.firstSequence === 0 ? 'next' : 'out of order' }
  const last = known.batches.at(-1)
  if (last === undefined) return { kind: 'next' }
  const same = known.batches.find(
    ({ firstSequence, lastSequence }) => firstSequence === batch.firstSequence && lastSequence === batch.lastSequence,
  )
  if (same) return { kind: 'duplicate', baseOffset: same.baseOffset, timestamp: same.timestamp }
  const isNext = batch.firstSequence === sequenceAfter(last.lastSequence, 1)
  return { kind: isNext ? 'next' : 'out of order' }
}

/** A producer's state with one more batch. */
export function withBatch(known: ProducerState | undefined, epoch: number, batch: ProducedBatch): ProducerState {
  const before = known?.epoch === epoch ? known.batches : []
  return { epoch, batches: [...before, batch].slice(-batchesKept) }
}

/** State of a partition's idempotent producers: derived from its batches, part of its checkpoint. */
export class Producers {
  readonly #states: Map<number, ProducerState>

  constructor(states: Iterable<readonly [number, ProducerState]> = []) {
    this.#states = new Map(states)
  }

  get(producerId: number): ProducerState | undefined {
    return this.#states.get(producerId)
  }

  get size(): number {
    return this.#states.size
  }

  [Symbol.iterator](): Iterator<[number, ProducerState]> {
    return this.#states.entries()
  }

  /** Those that were used last stand last. */
  note(producerId: number, epoch: number, batch: ProducedBatch): void {
    const state = withBatch(this.#states.get(producerId), epoch, batch)
    this.#states.delete(producerId)
    this.#states.set(producerId, state)
  }

  /** Forgets those whose last batch is older than `timestamp`, as long as the oldest are. */
  expire(timestamp: number): void {
    for (const [producerId, { batches }] of this.#states) {
      if ((batches.at(-1)?.timestamp ?? 0) >= timestamp) return
      this.#states.delete(producerId)
    }
  }
}

/** producers = count(varint) (id(uint64) epoch(uint16) batches(varint) (first(uint32) last(uint32) offset(uint64) time(uint64))*)* */
export function writeProducers(writer: ByteWriter, producers: Producers): void {
  writer.varint(producers.size)
  for (const [producerId, { epoch, batches }] of producers) {
    writer.uint64(producerId)
    writer.uint16(epoch)
    writer.varint(batches.length)
    for (const { firstSequence, lastSequence, baseOffset, timestamp } of batches) {
      writer.uint32(firstSequence)
      writer.uint32(lastSequence)
      writer.uint64(baseOffset)
      writer.uint64(Math.max(0, timestamp))
    }
  }
}

/** @throws UnumError `DATA_DAMAGED` */
export function readProducers(reader: ByteReader): Producers {
  const states: [number, ProducerState][] = []
  for (let left = reader.varint(); left > 0; left--) {
    const producerId = reader.uint64()
    const epoch = reader.uint16()
    const batches: ProducedBatch[] = []
    for (let more = reader.varint(); more > 0; more--) {
      batches.push({
        firstSequence: reader.uint32(),
        lastSequence: reader.uint32(),
        baseOffset: reader.uint64(),
        timestamp: reader.uint64(),
      })
    }
    states.push([producerId, { epoch, batches }])
  }
  return new Producers(states)
}
