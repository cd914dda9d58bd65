/**
 * Counts replies to SET and GET in a stream, without making anything of them: status, error, number, null and bulk string in
 * RESP2 and RESP3. As quick as finding line ends is.
 */
export class ReplyCounter {
  /** Of the line that a chunk has cut: its first byte and the number after it, as far as it came. */
  #type = 0
  #number = 0
  #isNegative = false
  /** Bytes of a bulk string and its line end that are still to come. */
  #skip = 0
  readonly #onReply: (isError: boolean) => void

  constructor(onReply: (isError: boolean) => void) {
    this.#onReply = onReply
  }

  add(chunk: Uint8Array): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, chunk.length - at)
        at += skipped
        this.#skip -= skipped
        if (this.#skip === 0) this.#onReply(false)
        continue
      }
      const byte = chunk[at++]!
      if (this.#type === 0) this.#type = byte
      else if (byte === 0x0a) this.#lineEnd()
      else if (this.#type !== 0x24) at = skipTo(chunk, at - 1)
      else if (byte === 0x2d) this.#isNegative = true
      else if (byte !== 0x0d) this.#number = this.#number * 10 + byte - 0x30
    }
  }

  #lineEnd(): void {
    const isBulk = this.#type === 0x24 && !this.#isNegative
    if (isBulk) this.#skip = this.#number + 2
    else this.#onReply(this.#type === 0x2d)
    this.#type = 0
    this.#number = 0
    this.#isNegative = false
  }
}

/** Where the next line feed is, or the end. */
function skipTo(chunk: Uint8Array, from: number): number {
  const at = chunk.indexOf(0x0a, from)
  return at < 0 ? chunk.length : at
}
