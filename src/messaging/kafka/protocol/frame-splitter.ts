import { allocateSlow, copyBytes, emptyBytes } from '#kernel/base/bytes.ts'
import { requestBytesMax } from './limits.ts'

/**
 * Cuts a stream of bytes into frames: an int32 with the length, then so many bytes.
 *
 *     splitter.feed(chunk)
 *     while ((found = splitter.next()) === 'frame') use(splitter.bytes, splitter.start, splitter.end)
 *
 * Invariants:
 * 1. What lies in a chunk as a whole is not copied; a frame that began in an earlier one is put together in memory of its own.
 * 2. After 'more' nothing refers to the chunk: the host may use it again. Who stops earlier calls `keepRest`.
 * 3. Every byte is copied at most one and a third times, however the stream is cut.
 * 4. Memory grows with the bytes that have come, not with what a length announces.
 * 5. After 'error' nothing more is read.
 */
export class FrameSplitter {
  /** The frame, its length excluded: valid until the next `next`, and longer where `isOwned`. */
  bytes: Uint8Array = emptyBytes
  start = 0
  end = 0
  /** The memory of `bytes` is that frame's alone, and from now on the caller's. */
  isOwned = false
  /** After 'error': what is wrong. */
  problem = ''

  readonly #bytesMax: number
  #chunk: Uint8Array = emptyBytes
  #position = 0
  /** Of a frame that is not complete: bytes of the length field, then of the frame. */
  #headBytes = 0
  #length = 0
  #partial: Uint8Array = emptyBytes
  #have = 0

  /** @param bytesMax of one frame */
  constructor(bytesMax = requestBytesMax) {
    this.#bytesMax = bytesMax
  }

  /** What is held between chunks. */
  get heldBytes(): number {
    return this.#partial.length + this.#chunk.length - this.#position
  }

  /** `chunk` must not change until `next` says 'more', or `keepRest` was called. */
  feed(chunk: Uint8Array): void {
    const left = this.#chunk.length - this.#position
    if (left > 0) {
      const joined = allocateSlow(left + chunk.length)
      joined.set(this.#chunk.subarray(this.#position))
      joined.set(chunk, left)
      this.#chunk = joined
    } else this.#chunk = chunk
    this.#position = 0
  }

  /** Copies what was not looked at yet, so that the chunk is no longer needed. */
  keepRest(): void {
    this.#chunk = copyBytes(this.#chunk, this.#position)
    this.#position = 0
  }

  next(): 'frame' | 'more' | 'error' {
    this.bytes = emptyBytes
    if (this.problem !== '' || !this.#readLength()) {
      this.#letGo()
      return this.problem === '' ? 'more' : 'error'
    }
    const length = this.#length
    const chunk = this.#chunk
    const at = this.#position
    if (this.#have === 0 && chunk.length - at >= length) {
      this.#deliver(chunk, at, at + length, false)
      this.#position = at + length
      return 'frame'
    }
    const taken = Math.min(length - this.#have, chunk.length - at)
    this.#grow(this.#have + taken)
    this.#partial.set(chunk.subarray(at, at + taken), this.#have)
    this.#have += taken
    this.#position = at + taken
    if (this.#have < length) {
      this.#letGo()
      return 'more'
    }
    this.#deliver(this.#partial, 0, length, true)
    this.#partial = emptyBytes
    this.#have = 0
    return 'frame'
  }

  #deliver(bytes: Uint8Array, start: number, end: number, isOwned: boolean): void {
    this.bytes = bytes
    this.start = start
    this.end = end
    this.isOwned = isOwned
    this.#headBytes = 0
    this.#length = 0
  }

  #letGo(): void {
    this.#chunk = emptyBytes
    this.#position = 0
  }

  /** @returns whether the length is known, and may be */
  #readLength(): boolean {
    const chunk = this.#chunk
    while (this.#headBytes < 4) {
      if (this.#position === chunk.length) return false
      this.#length = (this.#length << 8) | chunk[this.#position++]!
      this.#headBytes++
      if (this.#headBytes === 4) this.#check(this.#length)
    }
    return this.problem === ''
  }

  #check(length: number): void {
    if (length >= 0 && length <= this.#bytesMax) return
    const guess = foreigners.find(({ isLike }) => isLike(length))
    const what = guess ? `, but ${guess.name} begins like that` : ''
    this.problem = `A frame announces ${length} bytes: at most ${this.#bytesMax}${what}`
    this.#partial = emptyBytes
  }

  #grow(wanted: number): void {
    const { length } = this.#partial
    if (wanted <= length) return
    const grown = allocateSlow(Math.min(this.#length, Math.max(wanted, length * 4)))
    grown.set(this.#partial.subarray(0, this.#have))
    this.#partial = grown
  }
}

/** What comes to the wrong port most often, by the four bytes that are taken for a length. */
const foreigners: readonly { readonly name: string; readonly isLike: (length: number) => boolean }[] = [
  { name: 'TLS', isLike: (length) => length >>> 16 === 0x1603 },
  { name: 'HTTP', isLike: (length) => [0x4745_5420, 0x504f_5354, 0x5055_5420, 0x4845_4144].includes(length) },
]
