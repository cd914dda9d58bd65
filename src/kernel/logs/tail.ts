import { batchBytesAt, nextOffsetAt } from './batch.ts'

/** Batches that follow each other: `bytes[start, end)`. */
export interface Chunk {
  readonly baseOffset: number
  readonly nextOffset: number
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

/** The newest batches of a partition, in memory: the same bytes that the group's log holds. */
export class Tail {
  #chunks: Chunk[] = []
  #first = 0

  push(chunk: Chunk): void {
    this.#chunks.push(chunk)
  }

  releaseBelow(offset: number): void {
    while (this.#first < this.#chunks.length && this.#chunks[this.#first]!.nextOffset <= offset) this.#first++
    if (this.#first * 2 < this.#chunks.length) return
    this.#chunks = this.#chunks.slice(this.#first)
    this.#first = 0
  }

  /** Whole batches from the one that holds `offset` on, at least one, at most `bytesMax`; undefined: it is not here. */
  read(offset: number, bytesMax: number): readonly Uint8Array[] | undefined {
    const at = this.#find(offset)
    if (at < 0) return undefined
    const parts: Uint8Array[] = []
    let left = bytesMax
    for (let i = at; i < this.#chunks.length; i++) {
      const { bytes, start, end } = this.#chunks[i]!
      const from = i === at ? batchStart(bytes, start, offset) : start
      let to = end
      if (end - from > left) {
        to = from
        for (;;) {
          const next = to + batchBytesAt(bytes, to)
          if (next - from > left && !(parts.length === 0 && to === from)) break
          to = next
          if (to >= end) break
        }
      }
      if (to > from) parts.push(bytes.subarray(from, to))
      left -= to - from
      if (to < end || left <= 0) break
    }
    return parts
  }

  /** The chunk that holds `offset`; -1: none. */
  #find(offset: number): number {
    let low = this.#first
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#chunks[middle]!.nextOffset <= offset) low = middle + 1
      else high = middle
    }
    return low < this.#chunks.length && this.#chunks[low]!.baseOffset <= offset ? low : -1
  }
}

function batchStart(bytes: Uint8Array, start: number, offset: number): number {
  let at = start
  while (nextOffsetAt(bytes, at) <= offset) at += batchBytesAt(bytes, at)
  return at
}
