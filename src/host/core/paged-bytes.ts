export const pageBytes = 16_384

/** The content of a file as pages: a page that was never written costs nothing and reads as zeros. */
export class PagedBytes {
  #pages: (Uint8Array | undefined)[] = []

  read(position: number, length: number): Uint8Array {
    const result = new Uint8Array(length)
    let done = 0
    while (done < length) {
      const at = position + done
      const offset = at % pageBytes
      const count = Math.min(length - done, pageBytes - offset)
      const page = this.#pages[Math.floor(at / pageBytes)]
      if (page) result.set(page.subarray(offset, offset + count), done)
      done += count
    }
    return result
  }

  write(position: number, bytes: Uint8Array): void {
    let done = 0
    while (done < bytes.length) {
      const at = position + done
      const index = Math.floor(at / pageBytes)
      const offset = at % pageBytes
      const count = Math.min(bytes.length - done, pageBytes - offset)
      while (this.#pages.length <= index) this.#pages.push(undefined)
      const page = (this.#pages[index] ??= new Uint8Array(pageBytes))
      page.set(done === 0 && count === bytes.length ? bytes : bytes.subarray(done, done + count), offset)
      done += count
    }
  }

  /** From `length` on everything reads as zeros. Returns the pages that were changed or dropped, as they were, by index. */
  cut(length: number): Map<number, Uint8Array> {
    const before = new Map<number, Uint8Array>()
    const first = Math.floor(length / pageBytes)
    for (let index = first; index < this.#pages.length; index++) {
      const page = this.#pages[index]
      if (page) before.set(index, page)
    }
    const edge = this.#pages[first]
    this.#pages.length = Math.min(this.#pages.length, first)
    if (edge && length % pageBytes > 0) {
      const kept = new Uint8Array(pageBytes)
      kept.set(edge.subarray(0, length % pageBytes))
      this.#pages.push(kept)
    }
    return before
  }
}
