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

/** Bytes of a line without its end. */
const lineBytesMax = 65_536
/** Of one string: what Redis itself takes at most. */
const bulkBytesMax = 512 << 20
/** Lists within lists. No command answers with nearly as many. */
const depthMax = 32

interface OpenList {
  readonly kind: 'array' | 'set' | 'map' | 'push'
  readonly items: Reply[]
  left: number
}

/**
 * Cuts a stream into replies, however it arrives. Every byte is looked at once: what is read of a reply is kept while the rest
 * is under way.
 */
export class ReplyReader {
  /** What was received up to `#end`, which is never written to again: replies share it. */
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0
  #end = 0
  /** Of a string whose length is read. */
  #bulk: { readonly type: string; readonly length: number } | undefined
  /** Lists that are not complete, the outermost first. */
  readonly #open: OpenList[] = []

  /**
   * The replies that `chunk` completes; they may share its memory.
   * @throws Error where the stream is not in the Redis protocol; the reader must not be used any more then
   */
  add(chunk: Buffer): Reply[] {
    this.#append(chunk)
    const complete: Reply[] = []
    for (let reply = this.#next(); reply; reply = this.#next()) complete.push(reply)
    return complete
  }

  #append(chunk: Buffer): void {
    const rest = this.#end - this.#at
    if (rest === 0) {
      this.#bytes = chunk
      this.#at = 0
      this.#end = chunk.length
      return
    }
    if (this.#bytes.length - this.#end < chunk.length) {
      // With room for as much again, so that a long reply is not copied for each of its chunks.
      const grown = Buffer.allocUnsafe((rest + chunk.length) * 2)
      this.#bytes.copy(grown, 0, this.#at, this.#end)
      this.#bytes = grown
      this.#at = 0
      this.#end = rest
    }
    chunk.copy(this.#bytes, this.#end)
    this.#end += chunk.length
  }

  /** The next whole reply; undefined where it needs more bytes. */
  #next(): Reply | undefined {
    for (;;) {
      let reply = this.#element()
      if (reply === 'more') return undefined
      if (reply === 'list') continue
      for (;;) {
        const list = this.#open.at(-1)
        if (!list) return reply
        list.items.push(reply)
        if (--list.left > 0) break
        this.#open.pop()
        reply = { kind: list.kind, items: list.items }
      }
    }
  }

  /** A reply without others in it. `list`: one has begun, what is in it comes next. */
  #element(): Reply | 'more' | 'list' {
    if (this.#bulk) return this.#string(this.#bulk)
    const line = this.#line()
    if (line === undefined) return 'more'
    const type = line.charAt(0)
    const text = line.slice(1)
    if (type in lines) return { kind: lines[type as keyof typeof lines], text }
    if (type === '_') return { kind: 'null' }
    if (type === '#') return { kind: 'boolean', value: text === 't' }
    const length = /^(-1|\d+)$/.test(text) ? Number(text) : Number.NaN
    if (!(length <= bulkBytesMax)) throw unreadable(line)
    if (length === -1) return { kind: 'null' }
    if (type === '$' || type === '!' || type === '=') return this.#string((this.#bulk = { type, length }))
    const kind = lists[type as keyof typeof lists]
    if (kind === undefined || this.#open.length === depthMax) throw unreadable(line)
    if (length === 0) return { kind, items: [] }
    this.#open.push({ kind, items: [], left: kind === 'map' ? length * 2 : length })
    return 'list'
  }

  #line(): string | undefined {
    const end = this.#bytes.subarray(0, this.#end).indexOf('\r\n', this.#at)
    // One more may be the first byte of the line's end.
    if (end < 0 ? this.#end - this.#at > lineBytesMax + 1 : end - this.#at > lineBytesMax) {
      throw unreadable(this.#bytes.toString('utf8', this.#at, this.#at + 40))
    }
    if (end < 0) return undefined
    const line = this.#bytes.toString('utf8', this.#at, end)
    this.#at = end + 2
    return line
  }

  #string({ type, length }: { readonly type: string; readonly length: number }): Reply | 'more' {
    const end = this.#at + length
    if (this.#end < end + 2) return 'more'
    const bytes = this.#bytes.subarray(this.#at, end)
    if (this.#bytes[end] !== 0x0d || this.#bytes[end + 1] !== 0x0a) throw unreadable(bytes.toString('utf8', 0, 40))
    this.#at = end + 2
    this.#bulk = undefined
    if (type === '!') return { kind: 'error', text: bytes.toString() }
    return { kind: 'bulk', bytes: type === '=' ? bytes.subarray(4) : bytes } // after `txt:`
  }
}

const unreadable = (line: string) =>
  new Error(`its answer is not in the Redis protocol: ${JSON.stringify(line.slice(0, 40))}`)
