import { concatBytes } from '#kernel/base/bytes.ts'

/** Bytes that were written and that the system has not taken yet, as the chunks that they came in. */
export class SendQueue {
  #chunks: Uint8Array[] = []
  #head = 0
  bytes = 0

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk)
    this.bytes += chunk.length
  }

  /** Takes the first `length` bytes; at most `bytes`. Copies only where they come from more than one chunk. */
  take(length: number): Uint8Array {
    const parts: Uint8Array[] = []
    let left = length
    while (left > 0) {
      const head = this.#chunks[this.#head]!
      if (head.length <= left) {
        parts.push(head)
        left -= head.length
        this.#head++
      } else {
        parts.push(head.subarray(0, left))
        this.#chunks[this.#head] = head.subarray(left)
        left = 0
      }
    }
    this.bytes -= length
    if (this.#head === this.#chunks.length) this.clear()
    return parts.length === 1 ? parts[0]! : concatBytes(parts)
  }

  clear(): void {
    this.#chunks = []
    this.#head = 0
    this.bytes = 0
  }
}
