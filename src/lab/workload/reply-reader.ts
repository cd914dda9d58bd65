import { latin1Text } from '#kernel/base/bytes.ts'

const lineMax = 64 * 1024
const bulkMax = 16 * 1024 * 1024
const depthMax = 8

/** What came from the server is no reply. */
export class ReplyError extends Error {}

/**
 * Reads RESP2 and RESP3 replies from chunks of any size and gives each in its canonical form (`redis/command.ts`). An
 * aggregate becomes `*` and a JSON array of the canonical forms in it; a map counts as a list of keys and values.
 */
export class ReplyReader {
  readonly #replied: (reply: string) => void
  #chunks: string[] = []
  #length = 0
  /** Below this many characters there is no complete reply. */
  #needed = 1
  #text = ''
  #at = 0

  constructor(replied: (reply: string) => void) {
    this.#replied = replied
  }

  /** @throws ReplyError where the bytes are no replies: nothing may be pushed afterwards. */
  push(chunk: Uint8Array): void {
    this.#chunks.push(latin1Text(chunk))
    this.#length += chunk.length
    if (this.#length < this.#needed) return
    this.#text = this.#chunks.join('')
    this.#at = 0
    for (;;) {
      const start = this.#at
      const reply = this.#reply(0)
      if (reply === undefined) {
        this.#needed = Math.max(this.#needed - start, this.#text.length - start + 1)
        this.#chunks = [this.#text.slice(start)]
        this.#length = this.#text.length - start
        this.#text = ''
        return
      }
      this.#needed = 1
      this.#replied(reply)
    }
  }

  /** Undefined, and `#needed` raised where it is known, if the reply is not complete. */
  #reply(depth: number): string | undefined {
    const end = this.#text.indexOf('\r\n', this.#at)
    // One more may be the first byte of the line's end.
    if (end < 0 ? this.#text.length - this.#at > lineMax + 1 : end - this.#at > lineMax) {
      throw new ReplyError('A reply has a line without an end')
    }
    if (end < 0) return undefined
    const marker = this.#text[this.#at]!
    const line = this.#text.slice(this.#at + 1, end)
    this.#at = end + 2
    switch (marker) {
      case '+':
      case '-':
      case ':':
      case ',':
      case '#':
      case '(':
        return marker + line
      case '_':
        return '_'
      case '$':
      case '=':
      case '!':
        return this.#bulk(line)
      case '*':
      case '~':
      case '>':
        return line === '-1' ? '_' : this.#list(count(line, 1), depth)
      case '%':
        return this.#list(count(line, 2), depth)
      default:
        throw new ReplyError(`A reply begins with ${JSON.stringify(marker)}`)
    }
  }

  #bulk(line: string): string | undefined {
    if (line === '-1') return '_'
    const length = count(line, 1)
    const end = this.#at + length
    if (this.#text.length < end + 2) {
      this.#needed = end + 2
      return undefined
    }
    if (this.#text[end] !== '\r' || this.#text[end + 1] !== '\n') throw new ReplyError('A bulk string has no line end')
    const reply = `$${this.#text.slice(this.#at, end)}`
    this.#at = end + 2
    return reply
  }

  #list(length: number, depth: number): string | undefined {
    if (depth === depthMax) throw new ReplyError(`Replies are nested more than ${depthMax} deep`)
    const elements: string[] = []
    for (let i = 0; i < length; i++) {
      const element = this.#reply(depth + 1)
      if (element === undefined) return undefined
      elements.push(element)
    }
    return `*${JSON.stringify(elements)}`
  }
}

function count(line: string, factor: number): number {
  const value = Number(line)
  if (!/^\d+$/.test(line) || value > bulkMax) throw new ReplyError(`A reply has the length ${JSON.stringify(line)}`)
  return value * factor
}
