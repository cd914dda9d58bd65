import { ByteWriter } from '#kernel/base/byte-writer.ts'

/** Byte strings collected during a call, in one buffer: rows outlive neither their cursor nor a change. */
export class ByteList {
  readonly #writer = new ByteWriter(1024)
  readonly #ends: number[] = []

  get count(): number {
    return this.#ends.length
  }

  push(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.#writer.rawRange(bytes, start, end)
    this.#ends.push(this.#writer.length)
  }

  /** The buffer that `start` and `end` point into; another one after a `push`. */
  get bytes(): Uint8Array {
    return this.#writer.bytes
  }

  start(i: number): number {
    return i === 0 ? 0 : this.#ends[i - 1]!
  }

  end(i: number): number {
    return this.#ends[i]!
  }

  /** Shares memory; valid until a `push`. */
  slice(i: number): Uint8Array {
    return this.bytes.subarray(this.start(i), this.end(i))
  }
}
