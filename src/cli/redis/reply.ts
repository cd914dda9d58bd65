/** A reply in the Redis protocol, versions 2 and 3 (RESP specification). */
export type Reply =
  | { readonly kind: 'status' | 'error' | 'number' | 'double' | 'bignum'; readonly text: string }
  | { readonly kind: 'bulk'; readonly bytes: Buffer }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' }
  /** A map holds its keys and values in turn. */
  | { readonly kind: 'array' | 'set' | 'map' | 'push'; readonly items: readonly Reply[] }

const lines = { '+': 'status', '-': 'error', ':': 'number', ',': 'double', '(': 'bignum' } as const
const lists = { '*': 'array', '~': 'set', '%': 'map', '>': 'push' } as const

/** Cuts a stream into replies, however it arrives. */
export class ReplyReader {
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0
  readonly #replies = this.#readAll()

  /**
   * The replies that `chunk` completes.
   * @throws Error where the stream is not in the Redis protocol; the reader must not be used any more then
   */
  add(chunk: Buffer): Reply[] {
    this.#bytes = this.#at === this.#bytes.length ? chunk : Buffer.concat([this.#bytes.subarray(this.#at), chunk])
    this.#at = 0
    const complete: Reply[] = []
    for (;;) {
      const { value } = this.#replies.next()
      if (value === undefined) return complete
      complete.push(value)
    }
  }

  /** Yields undefined where it needs more bytes. */
  *#readAll(): Generator<Reply | undefined, never> {
    for (;;) yield yield* this.#read()
  }

  *#read(): Generator<undefined, Reply> {
    const line = yield* this.#line()
    const type = line.charAt(0)
    const text = line.slice(1)
    if (type in lines) return { kind: lines[type as keyof typeof lines], text }
    if (type === '_') return { kind: 'null' }
    if (type === '#') return { kind: 'boolean', value: text === 't' }
    const length = /^(-1|\d+)$/.test(text) ? Number(text) : Number.NaN
    if (Number.isNaN(length)) throw unreadable(line)
    if (length === -1) return { kind: 'null' }
    if (type === '$') return { kind: 'bulk', bytes: yield* this.#bulk(length) }
    if (type === '!') return { kind: 'error', text: (yield* this.#bulk(length)).toString() }
    if (type === '=') return { kind: 'bulk', bytes: (yield* this.#bulk(length)).subarray(4) } // after `txt:`
    const kind = lists[type as keyof typeof lists]
    if (kind === undefined) throw unreadable(line)
    const items: Reply[] = []
    for (let left = kind === 'map' ? length * 2 : length; left > 0; left--) items.push(yield* this.#read())
    return { kind, items }
  }

  *#line(): Generator<undefined, string> {
    for (;;) {
      const end = this.#bytes.indexOf('\r\n', this.#at)
      if (end >= 0) {
        const line = this.#bytes.toString('utf8', this.#at, end)
        this.#at = end + 2
        return line
      }
      yield undefined
    }
  }

  *#bulk(length: number): Generator<undefined, Buffer> {
    while (this.#bytes.length - this.#at < length + 2) yield undefined
    const bytes = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length + 2
    return bytes
  }
}

const unreadable = (line: string) =>
  new Error(`its answer is not in the Redis protocol: ${JSON.stringify(line.slice(0, 40))}`)
