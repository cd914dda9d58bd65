import type { ByteWriter } from '#kernel/base/byte-writer.ts'
import { copyBytes } from '#kernel/base/bytes.ts'
import { keyBytesMax, valueBytesMax } from '#kernel/storage/tables/keys.ts'
import type { Cursor, KeyRange, TreeReader } from '#kernel/storage/tables/tree.ts'
import { type EntryWriter, effectKinds } from './entry.ts'
import { type Evaluation, WriteNeeded } from './evaluation.ts'
import type { Overlay } from './overlay.ts'

const writeNeeded = new WriteNeeded()

/** Thrown where an evaluator writes a row that no table can hold. */
export class RowTooLarge {}
const rowTooLarge = new RowTooLarge()

/** What a `read` evaluator gets: the applied rows. */
export class ReadContext implements Evaluation {
  timestampUs = 0
  readonly #rows: TreeReader
  readonly #counters: ReadonlyMap<string, number>

  constructor(rows: TreeReader, counters: ReadonlyMap<string, number>) {
    this.#rows = rows
    this.#counters = counters
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#rows.get(key)
  }

  scan(range: KeyRange, options?: { readonly reverse?: boolean }): Cursor {
    return this.#rows.scan(range, options)
  }

  counter(counter: string): number {
    return this.#counters.get(counter) ?? 0
  }

  put(): void {
    throw writeNeeded
  }

  delete(): void {
    throw writeNeeded
  }

  deleteRange(): void {
    throw writeNeeded
  }

  count(): void {
    throw writeNeeded
  }

  savepoint(): number {
    return 0
  }

  rollback(): void {}
}

/** What a `write` evaluator gets: the rows under the overlay; its effects go to the overlay and to the open entry. */
export class WriteContext implements Evaluation {
  timestampUs = 0
  readonly #overlay: Overlay
  readonly #writer: ByteWriter
  readonly #counters: ReadonlyMap<string, number>
  /** Where a savepoint was taken: lengths of the undo list and of the entry. */
  readonly #savepoints: number[] = []
  #effectsFrom = 0

  constructor(overlay: Overlay, entry: EntryWriter, counters: ReadonlyMap<string, number>) {
    this.#overlay = overlay
    this.#writer = entry.writer
    this.#counters = counters
  }

  /** After the entry's writer stands where effects begin. */
  begin(timestampUs: number): void {
    this.timestampUs = timestampUs
    this.#savepoints.length = 0
    this.#effectsFrom = this.#writer.length
  }

  get hasEffects(): boolean {
    return this.#writer.length > this.#effectsFrom
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#overlay.get(key)
  }

  scan(range: KeyRange, options?: { readonly reverse?: boolean }): Cursor {
    return this.#overlay.scan(range, options)
  }

  put(key: Uint8Array, value: Uint8Array): void {
    if (key.length > keyBytesMax || value.length > valueBytesMax) throw rowTooLarge
    const writer = this.#writer
    writer.uint8(effectKinds.put)
    writer.block(key)
    const keyStart = writer.length - key.length
    writer.block(value)
    this.#overlay.put(key, keyStart, writer.length - value.length, writer.length)
  }

  delete(key: Uint8Array): void {
    const writer = this.#writer
    writer.uint8(effectKinds.delete)
    writer.block(key)
    this.#overlay.delete(key, writer.length - key.length)
  }

  deleteRange(range: KeyRange): void {
    this.#overlay.deleteRange({ from: copyBytes(range.from), to: range.to && copyBytes(range.to) })
    this.#writer.uint8(effectKinds.deleteRange)
    this.#writer.block(range.from)
    this.#writer.uint8(range.to ? 1 : 0)
    if (range.to) this.#writer.block(range.to)
  }

  count(counter: string, delta: number): void {
    if (delta === 0) return
    this.#overlay.count(counter, delta)
    this.#writer.uint8(effectKinds.count)
    this.#writer.text(counter)
    this.#writer.uint8(delta < 0 ? 1 : 0)
    this.#writer.varint(Math.abs(delta))
  }

  counter(counter: string): number {
    return (this.#counters.get(counter) ?? 0) + this.#overlay.counter(counter)
  }

  savepoint(): number {
    return this.#savepoints.push(this.#overlay.savepoint(), this.#writer.length) / 2 - 1
  }

  rollback(savepoint: number): void {
    const at = savepoint * 2
    this.#overlay.rollback(this.#savepoints[at]!)
    this.#writer.length = this.#savepoints[at + 1]!
    this.#savepoints.length = at + 2
  }
}
