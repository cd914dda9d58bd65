import { compareBytes, latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import type { Cursor, KeyRange, TreeReader } from '#kernel/storage/tables/tree.ts'

/**
 * The effects of transactions that are evaluated but not yet applied, over the applied rows: what a writing evaluator sees at
 * the leader. Dropped whole when leadership is lost.
 *
 * Invariants:
 * 1. A key here hides the row below it; a range hides the rows below it, and never a key here (a range that comes later takes
 *    the keys it covers with it).
 * 2. Each record carries the batch that wrote it last; when that batch is applied, the rows say the same and the record goes.
 */
export class Overlay implements TreeReader {
  readonly #rows: TreeReader
  readonly #records = new Map<string, OverlayRecord>()
  #ranges: readonly OverlayRange[] = []
  /** In flight, by counter: not yet in the applied counters. */
  readonly #counts = new Map<string, number>()
  /** What was written since the last `commit`, oldest first, to undo it. */
  #undo: Undo[] = []
  /** The batch that writes now. */
  batch = 1
  #open: Batch = { keys: [], counts: undefined }
  readonly #closed = new Map<number, Batch>()

  constructor(rows: TreeReader) {
    this.#rows = rows
  }

  get isEmpty(): boolean {
    return this.#records.size === 0 && this.#ranges.length === 0
  }

  get size(): number {
    return this.#records.size
  }

  get(key: Uint8Array): Uint8Array | undefined {
    if (this.#records.size > 0) {
      const record = this.#records.get(latin1Text(key))
      if (record) return record.value
    }
    if (this.#ranges.length > 0 && this.#covers(key)) return undefined
    return this.#rows.get(key)
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#set(latin1Text(key), value.slice())
  }

  delete(key: Uint8Array): void {
    this.#set(latin1Text(key), undefined)
  }

  deleteRange(range: KeyRange): void {
    for (const [key] of this.#sorted(range)) this.#set(key, undefined)
    this.#undo.push({ kind: 'ranges', before: this.#ranges })
    this.#ranges = [...this.#ranges, { ...range, batch: this.batch }]
  }

  count(name: string, delta: number): void {
    this.#addCount(name, delta)
    this.#undo.push({ kind: 'count', name, delta })
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
    return new MergedCursor(below, records, reverse, (key) => this.#covers(key))
  }

  /** A point to which `rollback` returns; only until the next `commit`. */
  savepoint(): number {
    return this.#undo.length
  }

  rollback(savepoint: number): void {
    while (this.#undo.length > savepoint) {
      const undo = this.#undo.pop()!
      if (undo.kind === 'ranges') this.#ranges = undo.before
      else if (undo.kind === 'count') this.#addCount(undo.name, -undo.delta)
      else if (undo.before) this.#records.set(undo.key, undo.before)
      else this.#records.delete(undo.key)
    }
  }

  /** What was written since the last call stands. */
  commit(): void {
    this.#undo.length = 0
  }

  /** The current batch is closed: what is written from here on belongs to the next. @returns the number of the closed one */
  closeBatch(): number {
    this.#closed.set(this.batch, this.#open)
    this.#open = { keys: [], counts: undefined }
    return this.batch++
  }

  /** The rows now hold what `batch` wrote. */
  applied(batch: number): void {
    const closed = this.#closed.get(batch)
    if (!closed) return
    this.#closed.delete(batch)
    for (const key of closed.keys) {
      if (this.#records.get(key)?.batch === batch) this.#records.delete(key)
    }
    if (closed.counts) {
      for (const [name, delta] of closed.counts) this.#counts.set(name, this.#counts.get(name)! - delta)
    }
    if (this.#ranges.length > 0) this.#ranges = this.#ranges.filter((range) => range.batch > batch)
  }

  clear(): void {
    this.#records.clear()
    this.#ranges = []
    this.#counts.clear()
    this.#undo = []
    this.#open = { keys: [], counts: undefined }
    this.#closed.clear()
  }

  #set(key: string, value: Uint8Array | undefined): void {
    this.#undo.push({ kind: 'record', key, before: this.#records.get(key) })
    this.#records.set(key, { value, batch: this.batch })
    this.#open.keys.push(key)
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
  #sorted({ from, to }: KeyRange): [string, OverlayRecord][] {
    const first = latin1Text(from)
    const end = to && latin1Text(to)
    const found: [string, OverlayRecord][] = []
    for (const record of this.#records) {
      if (record[0] >= first && (end === undefined || record[0] < end)) found.push(record)
    }
    return found.sort((a, b) => (a[0] < b[0] ? -1 : 1))
  }
}

interface OverlayRecord {
  /** undefined: deleted. */
  readonly value: Uint8Array | undefined
  readonly batch: number
}

interface OverlayRange extends KeyRange {
  readonly batch: number
}

/** What a batch has written, so that it can be forgotten when it is applied. */
interface Batch {
  readonly keys: string[]
  counts: Map<string, number> | undefined
}

type Undo =
  | { readonly kind: 'record'; readonly key: string; readonly before: OverlayRecord | undefined }
  | { readonly kind: 'ranges'; readonly before: readonly OverlayRange[] }
  | { readonly kind: 'count'; readonly name: string; readonly delta: number }

class MergedCursor implements Cursor {
  key: Uint8Array = new Uint8Array(0)
  value: Uint8Array = new Uint8Array(0)
  readonly #below: Cursor
  readonly #records: readonly [string, OverlayRecord][]
  readonly #direction: number
  readonly #covers: (key: Uint8Array) => boolean
  #at = 0
  #recordKey: Uint8Array | undefined
  #hasBelow: boolean | undefined

  constructor(
    below: Cursor,
    records: readonly [string, OverlayRecord][],
    reverse: boolean,
    covers: (key: Uint8Array) => boolean,
  ) {
    this.#below = below
    this.#records = records
    this.#direction = reverse ? -1 : 1
    this.#covers = covers
    this.#loadRecord()
  }

  next(): boolean {
    this.#hasBelow ??= this.#advanceBelow()
    for (;;) {
      const recordKey = this.#recordKey
      if (!recordKey && !this.#hasBelow) return false
      const order = !recordKey ? 1 : !this.#hasBelow ? -1 : compareBytes(recordKey, this.#below.key) * this.#direction
      if (order > 0) {
        this.key = this.#below.key
        this.value = this.#below.value
        this.#hasBelow = undefined
        return true
      }
      if (order === 0) this.#hasBelow = this.#advanceBelow()
      const record = this.#records[this.#at]![1]
      this.key = recordKey!
      this.#at++
      this.#loadRecord()
      if (record.value) {
        this.value = record.value
        return true
      }
    }
  }

  #loadRecord(): void {
    const record = this.#records[this.#at]
    this.#recordKey = record && latin1Bytes(record[0])
  }

  #advanceBelow(): boolean {
    while (this.#below.next()) if (!this.#covers(this.#below.key)) return true
    return false
  }
}
