import type { ByteWriter } from '#kernel/base/byte-writer.ts'
import { compareBytes, emptyBytes, latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import type { Cursor, KeyRange, TreeReader } from '#kernel/storage/tables/tree.ts'

/**
 * The effects of transactions that are evaluated but not yet applied, over the applied rows: what a writing evaluator sees at
 * the leader. Dropped whole when leadership is lost.
 *
 * Values are not copied: a record says where its value lies in the entry that will hold it, which is `entry` while it is being
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
  readonly #records = new Map<string, OverlayRecord>()
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
  /** Evaluators read a key and then write it: its text is made once. */
  #text = ''

  /** @param entry where effects are written; a value's place in it is given to `put`. */
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
      const record = this.#records.get(this.#textOf(key))
      if (record) return this.#valueOf(record)
    }
    if (this.#ranges.length > 0 && this.#covers(key)) return undefined
    return this.#rows.get(key)
  }

  /** The value is `entry[start, end)`. */
  put(key: Uint8Array, start: number, end: number): void {
    this.#set(this.#textOf(key), start, end)
  }

  delete(key: Uint8Array): void {
    this.#set(this.#textOf(key), -1, -1)
  }

  /** The bounds must not change. */
  deleteRange(range: KeyRange): void {
    for (const { key } of this.#sorted(range)) this.#set(key, -1, -1)
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
      records.map((record) => ({ key: latin1Bytes(record.key), value: this.#valueOf(record) })),
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
      record.isReplaced = true
      if (before) {
        before.isReplaced = false
        this.#records.set(before.key, before)
      } else {
        this.#records.delete(record.key)
      }
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
    for (const record of closed.records) if (!record.isReplaced) this.#records.delete(record.key)
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

  #set(key: string, start: number, end: number): void {
    const record: OverlayRecord = { key, start, end, batch: this.#open, isReplaced: false }
    const before = this.#records.get(key)
    if (before) before.isReplaced = true
    this.#records.set(key, record)
    this.#open.records.push(record)
    this.#written.push(record)
    this.#replaced.push(before)
  }

  #valueOf(record: OverlayRecord): Uint8Array | undefined {
    if (record.start < 0) return undefined
    return (record.batch.bytes ?? this.#entry.bytes).subarray(record.start, record.end)
  }

  #textOf(key: Uint8Array): string {
    const text = this.#text
    if (text.length === key.length) {
      let i = 0
      while (i < key.length && key[i] === text.charCodeAt(i)) i++
      if (i === key.length) return text
    }
    this.#text = latin1Text(key)
    return this.#text
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

  /** Records of the range by key: the order of latin1 strings is the order of their bytes. */
  #sorted({ from, to }: KeyRange): OverlayRecord[] {
    const first = latin1Text(from)
    const end = to && latin1Text(to)
    const found: OverlayRecord[] = []
    for (const record of this.#records.values()) {
      if (record.key >= first && (end === undefined || record.key < end)) found.push(record)
    }
    return found.sort((a, b) => (a.key < b.key ? -1 : 1))
  }
}

interface OverlayRecord {
  readonly key: string
  /** Where the value lies in its entry; -1: deleted. */
  readonly start: number
  readonly end: number
  readonly batch: Batch
  isReplaced: boolean
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
