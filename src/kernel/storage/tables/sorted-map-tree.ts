import { compareBytes, copyBytes, emptyBytes } from '#kernel/base/bytes.ts'
import { isBelowEnd } from './keys.ts'
import type { Cursor, FlushMark, KeyRange, Tree, TreeSnapshot } from './tree.ts'

interface Entry {
  readonly key: Uint8Array
  value: Uint8Array
}

/**
 * The dumb twin: a sorted array in memory with the contract of a tree. What the real tree does is compared with it; it
 * keeps nothing, so a flush only sets the mark and a snapshot has no files.
 */
export function createSortedMapTree(): Tree {
  return new SortedMapTree()
}

class SortedMapTree implements Tree {
  readonly #entries: Entry[] = []
  flushed: FlushMark = { index: 0, term: 0, meta: emptyBytes }
  readonly unflushedBytes = 0
  readonly fileBytes = 0
  readonly pressure = 0

  /** Position of the first entry at or above `key`. */
  #position(key: Uint8Array): number {
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareBytes(this.#entries[middle]!.key, key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  #find(key: Uint8Array): Entry | undefined {
    const entry = this.#entries[this.#position(key)]
    return entry !== undefined && compareBytes(entry.key, key) === 0 ? entry : undefined
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#find(key)?.value
  }

  scan(range: KeyRange, options?: { readonly reverse?: boolean }): Cursor {
    const rows = this.#entries.filter(({ key }) => compareBytes(key, range.from) >= 0 && isBelowEnd(key, range.to))
    return new ListCursor(options?.reverse ? rows.reverse() : rows)
  }

  putRange(bytes: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    this.put(bytes.subarray(keyStart, keyEnd), bytes.subarray(valueStart, valueEnd))
  }

  put(key: Uint8Array, value: Uint8Array): void {
    const entry = this.#find(key)
    if (entry !== undefined) entry.value = copyBytes(value)
    else this.#entries.splice(this.#position(key), 0, { key: copyBytes(key), value: copyBytes(value) })
  }

  delete(key: Uint8Array): void {
    if (this.#find(key) !== undefined) this.#entries.splice(this.#position(key), 1)
  }

  deleteRange(range: KeyRange): void {
    const first = this.#position(range.from)
    const end = range.to === undefined ? this.#entries.length : this.#position(range.to)
    if (end > first) this.#entries.splice(first, end - first)
  }

  async load(): Promise<void> {}

  async verify(): Promise<void> {}

  unpin(): void {}

  async flush(mark: FlushMark): Promise<void> {
    this.flushed = { ...mark, meta: copyBytes(mark.meta) }
  }

  snapshot(): TreeSnapshot {
    return { mark: this.flushed, files: [], read: async () => emptyBytes, release: () => {} }
  }

  async close(): Promise<void> {}
}

class ListCursor implements Cursor {
  readonly #rows: readonly Entry[]
  #at = -1

  constructor(rows: readonly Entry[]) {
    this.#rows = rows
  }

  next(): boolean {
    if (this.#at < this.#rows.length) this.#at++
    return this.#at < this.#rows.length
  }

  get key(): Uint8Array {
    return this.#rows[this.#at]?.key ?? emptyBytes
  }

  get value(): Uint8Array {
    return this.#rows[this.#at]?.value ?? emptyBytes
  }
}
