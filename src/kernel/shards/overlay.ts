import type { ByteWriter } from '#kernel/base/byte-writer.ts'
import { compareBytes, copyBytes, emptyBytes } from '#kernel/base/bytes.ts'
import { hashKey } from '#kernel/storage/tables/bloom-filter.ts'
import { compareSlices } from '#kernel/storage/tables/keys.ts'
import type { Cursor, KeyRange, TreeReader } from '#kernel/storage/tables/tree.ts'

/**
 * The effects of transactions that are evaluated but not yet applied, over the applied rows: what a writing evaluator sees at
 * the leader. Dropped whole when leadership is lost.
 *
 * Keys and values are not copied: a record says where they lie in the entry that will hold them, which is `entry` while it is being
 * written and the batch's own bytes afterwards.
 *
 * Invariants:
 * 1. A key here hides the row below it; a range hides the rows below it, and never a key here (a range that comes later takes
 *    the keys it covers with it).
 * 2. Each record belongs to the batch that wrote it; when that batch is applied, the rows say the same and the record goes, unless
 *    a later one has taken its place.
 */
export class Overlay implements TreeReader {
  readonly #rows: TreeReader
  readonly #entry: ByteWriter
  /** By hash of the key; those of the same hash hang on each other. */
  readonly #records = new Map<number, OverlayRecord>()
  #ranges: readonly OverlayRange[] = []
  /** In flight, by counter: not yet in the applied counters. */
  readonly #counts = new Map<string, number>()
  /** What was written since the last `commit`, oldest first, to undo it: the record written, and the one that it replaced. */
  #written: OverlayRecord[] = []
  #replaced: (OverlayRecord | undefined)[] = []
  /** The like for ranges and counters, with the number of records that were written before. */
  #rarely: { readonly after: number; readonly undo: () => void }[] = []
  #open: Batch
  readonly #closed = new Map<number, Batch>()

  /** @param entry where effects are written; the places of keys and values in it are given to `put` and `delete`. */
  constructor(rows: TreeReader, entry: ByteWriter) {
    this.#rows = rows
    this.#entry = entry
    this.#open = newBatch(1)
  }

  get isEmpty(): boolean {
    return this.#records.size === 0 && this.#ranges.length === 0
  }

  get(key: Uint8Array): Uint8Array | undefined {
    if (this.#records.size > 0) {
      const record = this.#find(key, hashOf(key))
      if (record) return this.#valueOf(record)
    }
    if (this.#ranges.length > 0 && this.#covers(key)) return undefined
    return this.#rows.get(key)
  }

  /** The key lies in `entry` from `keyStart` on, the value is `entry[start, end)`. */
  put(key: Uint8Array, keyStart: number, start: number, end: number): void {
    this.#set(key, keyStart, start, end, undefined)
  }

  /** The key lies in `entry` from `keyStart` on. */
  delete(key: Uint8Array, keyStart: number): void {
    this.#set(key, keyStart, -1, -1, undefined)
  }

  /** The bounds must not change. */
  deleteRange(range: KeyRange): void {
    for (const record of this.#sorted(range)) {
      const key = copyBytes(this.#keyOf(record))
      this.#set(key, 0, -1, -1, key)
    }
    const before = this.#ranges
    this.#ranges = [...before, { ...range, batch: this.#open.number }]
    this.#rarely.push({ after: this.#written.length, undo: () => (this.#ranges = before) })
  }

  count(name: string, delta: number): void {
    this.#addCount(name, delta)
    this.#rarely.push({ after: this.#written.length, undo: () => this.#addCount(name, -delta) })
  }

  /** Sum of what is in flight for a counter. */
  counter(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  scan(range: KeyRange, options?: { readonly reverse?: boolean }): Cursor {
    const below = this.#rows.scan(range, options)
    if (this.isEmpty) return below
    const records = this.#sorted(range)
    const reverse = options?.reverse === true
    if (reverse) records.reverse()
    return new MergedCursor(
      below,
      records.map((record) => ({ key: this.#keyOf(record), value: this.#valueOf(record) })),
      reverse,
      (key) => this.#covers(key),
    )
  }

  /** A point to which `rollback` returns; only until the next `commit`. */
  savepoint(): number {
    return this.#written.length + this.#rarely.length
  }

  rollback(savepoint: number): void {
    while (this.#written.length + this.#rarely.length > savepoint) {
      const rare = this.#rarely.at(-1)
      if (rare && rare.after === this.#written.length) {
        this.#rarely.pop()
        rare.undo()
        continue
      }
      const record = this.#written.pop()!
      const before = this.#replaced.pop()
      this.#unlink(record)
      if (before) this.#link(before)
    }
  }

  /** What was written since the last call stands. */
  commit(): void {
    this.#written.length = 0
    this.#replaced.length = 0
    this.#rarely.length = 0
  }

  /**
   * The entry is complete: what is written from here on belongs to the next one.
   * @param bytes what `entry` held, for good.
   * @returns the number of the batch that was closed.
   */
  closeBatch(bytes: Uint8Array): number {
    const { number } = this.#open
    this.#open.bytes = bytes
    this.#closed.set(number, this.#open)
    this.#open = newBatch(number + 1)
    return number
  }

  /** The rows now hold what `batch` wrote. */
  applied(batch: number): void {
    const closed = this.#closed.get(batch)
    if (!closed) return
    this.#closed.delete(batch)
    for (const record of closed.records) if (!record.isReplaced) this.#unlink(record)
    if (closed.counts) {
      for (const [name, delta] of closed.counts) this.#counts.set(name, this.#counts.get(name)! - delta)
    }
    if (this.#ranges.length > 0) this.#ranges = this.#ranges.filter((range) => range.batch > batch)
  }

  clear(): void {
    this.commit()
    this.#records.clear()
    this.#ranges = []
    this.#counts.clear()
    this.#open = newBatch(this.#open.number + 1)
    this.#closed.clear()
  }

  #set(key: Uint8Array, keyStart: number, start: number, end: number, ownKey: Uint8Array | undefined): void {
    const hash = hashOf(key)
    const keyEnd = keyStart + key.length
    const batch = this.#open
    const record: OverlayRecord = {
      hash,
      keyStart,
      keyEnd,
      ownKey,
      start,
      end,
      batch,
      isReplaced: false,
      next: undefined,
    }
    const before = this.#find(key, hash)
    if (before) this.#unlink(before)
    this.#link(record)
    this.#open.records.push(record)
    this.#written.push(record)
    this.#replaced.push(before)
  }

  #find(key: Uint8Array, hash: number): OverlayRecord | undefined {
    let record = this.#records.get(hash)
    while (record && !this.#hasKey(record, key)) record = record.next
    return record
  }

  #hasKey(record: OverlayRecord, key: Uint8Array): boolean {
    const { keyStart, keyEnd } = record
    if (keyEnd - keyStart !== key.length) return false
    const bytes = record.ownKey ?? this.#bytesOf(record)
    for (let i = 0; i < key.length; i++) if (bytes[keyStart + i] !== key[i]) return false
    return true
  }

  #link(record: OverlayRecord): void {
    record.isReplaced = false
    record.next = this.#records.get(record.hash)
    this.#records.set(record.hash, record)
  }

  #unlink(record: OverlayRecord): void {
    record.isReplaced = true
    const first = this.#records.get(record.hash)!
    if (first !== record) {
      let before = first
      while (before.next !== record) before = before.next!
      before.next = record.next
    } else if (record.next) this.#records.set(record.hash, record.next)
    else this.#records.delete(record.hash)
    record.next = undefined
  }

  #bytesOf(record: OverlayRecord): Uint8Array {
    return record.batch.bytes ?? this.#entry.bytes
  }

  #keyOf(record: OverlayRecord): Uint8Array {
    return record.ownKey ?? this.#bytesOf(record).subarray(record.keyStart, record.keyEnd)
  }

  #valueOf(record: OverlayRecord): Uint8Array | undefined {
    if (record.start < 0) return undefined
    return this.#bytesOf(record).subarray(record.start, record.end)
  }

  #addCount(name: string, delta: number): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + delta)
    this.#open.counts ??= new Map()
    this.#open.counts.set(name, (this.#open.counts.get(name) ?? 0) + delta)
  }

  #covers(key: Uint8Array): boolean {
    return this.#ranges.some(
      ({ from, to }) => compareBytes(from, key) <= 0 && (to === undefined || compareBytes(key, to) < 0),
    )
  }

  /** Records of the range, by key. */
  #sorted({ from, to }: KeyRange): OverlayRecord[] {
    const found: OverlayRecord[] = []
    for (const first of this.#records.values()) {
      for (let record: OverlayRecord | undefined = first; record; record = record.next) {
        const { keyStart, keyEnd } = record
        const bytes = record.ownKey ?? this.#bytesOf(record)
        if (compareSlices(bytes, keyStart, keyEnd, from, 0, from.length) < 0) continue
        if (to && compareSlices(bytes, keyStart, keyEnd, to, 0, to.length) >= 0) continue
        found.push(record)
      }
    }
    return found.sort((a, b) => compareBytes(this.#keyOf(a), this.#keyOf(b)))
  }
}

interface OverlayRecord {
  readonly hash: number
  readonly keyStart: number
  readonly keyEnd: number
  /** The key where no entry holds it: a row that a range delete took away. */
  readonly ownKey: Uint8Array | undefined
  /** Where the value lies in its entry; -1: deleted. */
  readonly start: number
  readonly end: number
  readonly batch: Batch
  /** Not among the records any more. */
  isReplaced: boolean
  next: OverlayRecord | undefined
}

/** A small integer: what a map finds fastest. */
function hashOf(key: Uint8Array): number {
  return hashKey(key) | 0
}

interface OverlayRange extends KeyRange {
  readonly batch: number
}

/** What one entry writes. */
interface Batch {
  readonly number: number
  /** The entry, once it is complete. */
  bytes: Uint8Array | undefined
  readonly records: OverlayRecord[]
  counts: Map<string, number> | undefined
}

function newBatch(number: number): Batch {
  return { number, bytes: undefined, records: [], counts: undefined }
}

/** A record as a row; `value` undefined: deleted. */
interface OverlayRow {
  readonly key: Uint8Array
  readonly value: Uint8Array | undefined
}

class MergedCursor implements Cursor {
  key: Uint8Array = emptyBytes
  value: Uint8Array = emptyBytes
  readonly #below: Cursor
  readonly #records: readonly OverlayRow[]
  readonly #direction: number
  readonly #covers: (key: Uint8Array) => boolean
  #at = 0
  #hasBelow: boolean | undefined

  constructor(below: Cursor, records: readonly OverlayRow[], reverse: boolean, covers: (key: Uint8Array) => boolean) {
    this.#below = below
    this.#records = records
    this.#direction = reverse ? -1 : 1
    this.#covers = covers
  }

  next(): boolean {
    for (;;) {
      this.#hasBelow ??= this.#advanceBelow()
      const record = this.#records[this.#at]
      if (!record && !this.#hasBelow) return false
      if (!record || (this.#hasBelow && compareBytes(record.key, this.#below.key) * this.#direction > 0)) {
        this.key = this.#below.key
        this.value = this.#below.value
        this.#hasBelow = undefined
        return true
      }
      this.#at++
      if (this.#hasBelow && compareBytes(record.key, this.#below.key) === 0) this.#hasBelow = undefined
      if (record.value) {
        this.key = record.key
        this.value = record.value
        return true
      }
    }
  }

  #advanceBelow(): boolean {
    while (this.#below.next()) if (!this.#covers(this.#below.key)) return true
    return false
  }
}
