import { allocateSlow, emptyBytes } from '#kernel/base/bytes.ts'
import { UnumError } from '#kernel/base/errors.ts'
import { frameHeaderBytes, frameSpecs, isBodyValid, isHeaderValid, uint32At } from './frame.ts'

/**
 * Cuts a connection's bytes into frames.
 *
 * A body is a slice of memory that is written once and never again, so a receiver may keep it, or a part of it, without a
 * copy. The trade: a slice that is kept pins the block around it. Blocks are therefore small: what arrives in small pieces
 * shares blocks of `sharedBlockBytes`, a larger read gets a block of its own size, a frame larger than its read gets one of
 * its own. A tiny part kept of something large should be copied.
 *
 * Invariants:
 * 1. `#start <= #end <= #block.length`; the bytes between are the beginning of one incomplete frame, between calls.
 * 2. No byte of a block below `#end` is written again.
 * 3. While `#filling`, that frame's header is checked and its end lies within the block: memory for a body is taken only for a header
 *    that is valid and within the limit, so at most one frame and one read are held.
 */
export class FrameReader {
  readonly #frameBytesMax: number
  readonly #purpose: 'messages' | 'bulk'
  readonly #receive: (tag: number, channel: number, body: Uint8Array) => void
  #block: Uint8Array = emptyBytes
  #start = 0
  #end = 0
  #filling = false
  #stopped = false
  /** Frames delivered. */
  count = 0

  /** @param frameBytesMax Largest body that is accepted. */
  constructor(
    purpose: 'messages' | 'bulk',
    frameBytesMax: number,
    receive: (tag: number, channel: number, body: Uint8Array) => void,
  ) {
    this.#purpose = purpose
    this.#frameBytesMax = frameBytesMax
    this.#receive = receive
  }

  /** No frame is delivered after it, not even out of the `push` that is under way: nothing is left to deliver. */
  stop(): void {
    this.#stopped = true
    this.#block = emptyBytes
    this.#start = this.#end = 0
  }

  /**
   * Takes the next bytes, of any length, and delivers each frame that they complete.
   * @throws UnumError `DATA_DAMAGED`; nothing more can be read from this connection then.
   */
  push(chunk: Uint8Array): void {
    let at = 0
    while (at < chunk.length && !this.#stopped) {
      const remaining = chunk.length - at
      if (!this.#filling && remaining > this.#block.length - this.#end) {
        const pending = this.#end - this.#start
        this.#renew(Math.max(pending + remaining, pending === 0 ? this.#announced(chunk, at) : 0))
      }
      const count = Math.min(remaining, this.#block.length - this.#end)
      this.#block.set(count === chunk.length ? chunk : chunk.subarray(at, at + count), this.#end)
      this.#end += count
      at += count
      this.#filling = false
      this.#deliver()
    }
  }

  #deliver(): void {
    while (this.#end - this.#start >= frameHeaderBytes) {
      const block = this.#block
      const start = this.#start
      if (!isHeaderValid(block, start)) throw damage('header', start)
      const length = uint32At(block, start)
      const tag = block[start + 4]!
      this.#check(tag, length)
      const end = start + frameHeaderBytes + length
      if (end > this.#end) {
        if (end > block.length) this.#renew(end - start)
        this.#filling = true
        return
      }
      if (!isBodyValid(block, start, end)) throw damage('checksum', start)
      this.#start = end
      this.count++
      this.#receive(tag, block[start + 5]!, block.subarray(start + frameHeaderBytes, end))
    }
  }

  #check(tag: number, length: number): void {
    const spec = frameSpecs[tag]
    if (!spec || (spec.purpose !== 'both' && spec.purpose !== this.#purpose)) {
      throw new UnumError('DATA_DAMAGED', `Cannot take a frame of kind ${tag} on a connection for ${this.#purpose}`)
    }
    if (length < spec.bodyBytesMin || length > this.#frameBytesMax) {
      throw new UnumError(
        'DATA_DAMAGED',
        `Cannot take a frame of kind ${tag} with ${length} bytes: ${spec.bodyBytesMin} to ${this.#frameBytesMax} are allowed`,
      )
    }
  }

  /** Bytes of the frame that begins in a large read and goes on behind it: its block is taken at once instead of moving to it. */
  #announced(chunk: Uint8Array, at: number): number {
    if (chunk.length - at < ownBlockBytesMin || !isHeaderValid(chunk, at)) return 0
    const length = uint32At(chunk, at)
    return length <= this.#frameBytesMax ? frameHeaderBytes + length : 0
  }

  /** Moves what is incomplete to the front of a new block with room for `wanted` bytes from there. */
  #renew(wanted: number): void {
    const block = allocateSlow(wanted >= ownBlockBytesMin ? wanted : sharedBlockBytes)
    block.set(this.#block.subarray(this.#start, this.#end))
    this.#end -= this.#start
    this.#start = 0
    this.#block = block
  }
}

export const sharedBlockBytes = 8192
const ownBlockBytesMin = sharedBlockBytes / 2

function damage(what: string, at: number): UnumError {
  return new UnumError('DATA_DAMAGED', `Frame with a wrong ${what}, ${at} bytes into its block`)
}
