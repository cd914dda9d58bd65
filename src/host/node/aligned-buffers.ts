/** Positions, lengths and addresses of direct writes are multiples of it: what disks with large sectors ask for at most. */
export const directAlignment = 512

/** Larger direct writes are not staged. */
const bufferBytes = 1 << 20

const wasmPageBytes = 64 << 10

/** Of what TypeScript declares for browsers only. */
interface WebAssemblyMemory {
  readonly Memory: new (limits: { readonly initial: number }) => { readonly buffer: ArrayBuffer }
}

/**
 * Memory that the disk may read by itself: it begins at a page of the system, as V8 maps WebAssembly's memory. A plain ArrayBuffer
 * begins anywhere.
 */
export class AlignedBuffers {
  /** As many as there ever were durable writes at the same time: one for each file that is written so. */
  readonly #idle: Uint8Array[] = []

  /** A buffer with `chunks` one after the other, of their length; undefined where they are too long or not of whole sectors. */
  fill(chunks: readonly Uint8Array[]): Uint8Array | undefined {
    let length = 0
    for (const chunk of chunks) length += chunk.length
    if (length > bufferBytes || length % directAlignment !== 0) return undefined
    const buffer = this.#idle.pop() ?? newBuffer()
    let at = 0
    for (const chunk of chunks) {
      buffer.set(chunk, at)
      at += chunk.length
    }
    return buffer.subarray(0, length)
  }

  /** The buffer is written. */
  release(filled: Uint8Array): void {
    this.#idle.push(new Uint8Array(filled.buffer))
  }
}

function newBuffer(): Uint8Array {
  const { Memory } = (globalThis as unknown as { readonly WebAssembly: WebAssemblyMemory }).WebAssembly
  return new Uint8Array(new Memory({ initial: bufferBytes / wasmPageBytes }).buffer)
}
