import { allocate, copyBytes, emptyBytes, latin1Text, utf8Text } from './bytes.ts'

/**
 * A list of byte strings in one buffer, in its order, by offsets: no object per argument. Parsers fill a reused instance that is valid
 * during one call; `clone` is for what is kept longer or sent on.
 */
export class Arguments {
  bytes: Uint8Array
  count = 0
  /** Start and end of argument i at 2i and 2i + 1. A plain array: for a few numbers it costs a fraction of a typed one. */
  offsets: number[] = []

  constructor(bytes: Uint8Array = emptyBytes) {
    this.bytes = bytes
  }

  static of(...values: readonly Uint8Array[]): Arguments {
    let length = 0
    for (const value of values) length += value.length
    const args = new Arguments(allocate(length))
    let at = 0
    for (const value of values) {
      args.bytes.set(value, at)
      args.push(at, at + value.length)
      at += value.length
    }
    return args
  }

  /** Starts anew over `bytes`. */
  reset(bytes: Uint8Array): void {
    this.bytes = bytes
    this.count = 0
  }

  push(start: number, end: number): void {
    const at = this.count * 2
    this.offsets[at] = start
    this.offsets[at + 1] = end
    this.count++
  }

  start(i: number): number {
    return this.offsets[i * 2]!
  }

  end(i: number): number {
    return this.offsets[i * 2 + 1]!
  }

  length(i: number): number {
    return this.offsets[i * 2 + 1]! - this.offsets[i * 2]!
  }

  /** Shares memory. */
  slice(i: number): Uint8Array {
    return this.bytes.subarray(this.offsets[i * 2]!, this.offsets[i * 2 + 1]!)
  }

  /** One character per byte. */
  latin1(i: number): string {
    return latin1Text(this.bytes, this.offsets[i * 2]!, this.offsets[i * 2 + 1]!)
  }

  utf8(i: number): string {
    return utf8Text(this.bytes, this.offsets[i * 2]!, this.offsets[i * 2 + 1]!)
  }

  /** Whether argument i is `word` (given in capital ASCII letters), whatever its case. */
  is(i: number, word: string): boolean {
    const start = this.offsets[i * 2]!
    if (this.offsets[i * 2 + 1]! - start !== word.length) return false
    for (let k = 0; k < word.length; k++) {
      const byte = this.bytes[start + k]!
      const upper = byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte
      if (upper !== word.charCodeAt(k)) return false
    }
    return true
  }

  /** Arguments `from` to `to` (exclusive) with memory of their own. What lies between them is copied too: it is little. */
  clone(from = 0, to = this.count): Arguments {
    if (from === to) return new Arguments()
    const first = this.offsets[from * 2]!
    const copy = new Arguments(copyBytes(this.bytes, first, this.offsets[to * 2 - 1]!))
    // Exactly as long as it must be: an array that grows by `push` takes several times that.
    const offsets = this.offsets.slice(from * 2, to * 2)
    if (first !== 0) for (let i = 0; i < offsets.length; i++) offsets[i]! -= first
    copy.offsets = offsets
    copy.count = to - from
    return copy
  }
}
