import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { assert, UnumError } from '#kernel/base/errors.ts'
import type { FrameKind } from './frame.ts'
import { frameHeaderBytes, frames, sealFrame } from './frame.ts'

/**
 * Frames of one turn for one connection, encoded in place one after the other, so that they leave together.
 *
 * They are written into slabs of `slabBytes`, each frame whole in one: `take` hands out what was written since the last `take`, and
 * later frames go behind it. So no byte that was handed out is ever written again, nothing is copied, and memory is taken in
 * proportion to what is sent.
 */
export class Outbox {
  readonly #frameBytesMax: number
  #writer = new ByteWriter(slabBytes)
  /** Up to where the slab was handed out. */
  #taken = 0
  /** What this turn has filled of earlier slabs. */
  #full: Uint8Array[] = []
  #fullBytes = 0
  /** Where the header of the frame that is being written begins; -1 for none. */
  #frame = -1
  #tag = 0
  #channel = 0
  /** Frames finished. */
  count = 0

  constructor(frameBytesMax: number) {
    this.#frameBytesMax = frameBytesMax
  }

  /** Bytes since the last `take`. */
  get queuedBytes(): number {
    return this.#fullBytes + this.#writer.length - this.#taken
  }

  /** Starts a frame; its body is what is written to the result until `finish` or `abandon`, of which one must follow. */
  begin(kind: FrameKind, channel: number): ByteWriter {
    assert(this.#frame < 0, 'the frame before is finished or abandoned')
    if (this.#writer.bytes.length - this.#writer.length < slabRoomMin) this.#renew()
    const writer = this.#writer
    this.#frame = writer.length
    this.#tag = frames[kind].tag
    this.#channel = channel
    writer.length += frameHeaderBytes
    return writer
  }

  /**
   * @param payload The rest of the body, which the caller sends itself, directly behind what `take` returns next.
   * @throws UnumError `LIMIT_EXCEEDED`: the body is larger than any node would take; the frame is abandoned.
   */
  finish(payload?: Uint8Array): void {
    const frame = this.#frame
    assert(frame >= 0, 'a frame was begun')
    const length = this.#writer.length - frame - frameHeaderBytes + (payload ? payload.length : 0)
    if (length > this.#frameBytesMax) {
      this.abandon()
      throw new UnumError('LIMIT_EXCEEDED', `Cannot send ${length} bytes in one frame: at most ${this.#frameBytesMax}`)
    }
    sealFrame(this.#writer.bytes, frame, this.#writer.length, this.#tag, this.#channel, payload)
    this.#frame = -1
    this.count++
  }

  /** As if the frame had not been begun. */
  abandon(): void {
    assert(this.#frame >= 0, 'a frame was begun')
    this.#writer.length = this.#frame
    this.#frame = -1
  }

  /** All frames since the last call, in order: one piece per slab that they fill. The memory is not written to any more. */
  take(): Uint8Array[] {
    assert(this.#frame < 0, 'the last frame is finished or abandoned')
    const pieces = this.#full
    this.#full = []
    this.#fullBytes = 0
    const { bytes, length } = this.#writer
    if (length > this.#taken) pieces.push(bytes.subarray(this.#taken, length))
    this.#taken = length
    // One that a large frame has made grow is not held any longer than it is used.
    if (bytes.length > slabBytes) this.#renew()
    return pieces
  }

  #renew(): void {
    const { bytes, length } = this.#writer
    if (length > this.#taken) {
      this.#full.push(bytes.subarray(this.#taken, length))
      this.#fullBytes += length - this.#taken
    }
    this.#writer = new ByteWriter(slabBytes)
    this.#taken = 0
  }
}

const slabBytes = 65_536
/** With less room than this a frame begins in a new slab. */
const slabRoomMin = 4096
