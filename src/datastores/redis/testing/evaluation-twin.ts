import { copyBytes, emptyBytes, latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import type { Evaluation } from '#kernel/shards/evaluation.ts'
import { WriteNeeded } from '#kernel/shards/evaluation.ts'
import type { Cursor, KeyRange } from '#kernel/storage/tables/tree.ts'

/**
 * A shard in a sorted map: the dumb twin of the kernel's evaluation, for tests of evaluators. Effects are applied at
 * once and undone from a list. `begin` starts a transaction; what it did stays unless `rollback(0)` is called.
 */
export class EvaluationTwin implements Evaluation {
  timestampUs = 1_700_000_000_000_000
  #kind: 'read' | 'write' = 'write'
  /** Rows by key, one character per byte: the order of such strings is the order of the bytes. */
  readonly #rows = new Map<string, Uint8Array>()
  #sorted: string[] = []
  readonly #counters = new Map<string, number>()
  #undo: (() => void)[] = []
  /** Changed by every change: a cursor that sees another value is used against its contract. */
  #changes = 0

  begin(kind: 'read' | 'write'): void {
    this.#kind = kind
    this.#undo = []
    this.timestampUs++
  }

  get rowCount(): number {
    return this.#rows.size
  }

  /** Rows and counters, to compare states. */
  dump(): { readonly rows: readonly [string, string][]; readonly counters: readonly [string, number][] } {
    return {
      rows: this.#sorted.map((key) => [key, latin1Text(this.#rows.get(key)!)]),
      counters: [...this.#counters].filter(([, value]) => value !== 0).sort(),
    }
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#rows.get(latin1Text(key))
  }

  scan(range: KeyRange, options?: { readonly reverse?: boolean }): Cursor {
    const first = this.#position(latin1Text(range.from))
    const last = range.to ? this.#position(latin1Text(range.to)) : this.#sorted.length
    const changes = this.#changes
    const step = options?.reverse ? -1 : 1
    let at = options?.reverse ? last : first - 1
    const cursor: { key: Uint8Array; value: Uint8Array; next(): boolean } = {
      key: emptyBytes,
      value: emptyBytes,
      next: () => {
        if (changes !== this.#changes) throw new Error('a cursor is not valid after a change')
        at += step
        if (at < first || at >= last) return false
        const key = this.#sorted[at]!
        cursor.key = latin1Bytes(key)
        cursor.value = this.#rows.get(key)!
        return true
      },
    }
    return cursor
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#change()
    this.#set(latin1Text(key), copyBytes(value))
  }

  delete(key: Uint8Array): void {
    this.#change()
    this.#set(latin1Text(key), undefined)
  }

  deleteRange(range: KeyRange): void {
    this.#change()
    const first = this.#position(latin1Text(range.from))
    const last = range.to ? this.#position(latin1Text(range.to)) : this.#sorted.length
    for (const key of this.#sorted.slice(first, last)) this.#set(key, undefined)
  }

  count(counter: string, delta: number): void {
    this.#change()
    this.#counters.set(counter, this.counter(counter) + delta)
    this.#undo.push(() => this.#counters.set(counter, this.counter(counter) - delta))
  }

  counter(counter: string): number {
    return this.#counters.get(counter) ?? 0
  }

  savepoint(): number {
    return this.#undo.length
  }

  rollback(savepoint: number): void {
    while (this.#undo.length > savepoint) this.#undo.pop()!()
    this.#changes++
  }

  #change(): void {
    if (this.#kind === 'read') throw new WriteNeeded()
    this.#changes++
  }

  #set(key: string, value: Uint8Array | undefined): void {
    const before = this.#rows.get(key)
    this.#store(key, value)
    this.#undo.push(() => this.#store(key, before))
  }

  #store(key: string, value: Uint8Array | undefined): void {
    const at = this.#position(key)
    const present = this.#sorted[at] === key
    if (value === undefined) {
      this.#rows.delete(key)
      if (present) this.#sorted.splice(at, 1)
      return
    }
    this.#rows.set(key, value)
    if (!present) this.#sorted.splice(at, 0, key)
  }

  #position(key: string): number {
    let low = 0
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#sorted[middle]! < key) low = middle + 1
      else high = middle
    }
    return low
  }
}
