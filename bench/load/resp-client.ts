import { connect, type Socket } from 'node:net'
import type { Reply } from '#cli/redis/reply.ts'
import { ReplyReader } from '#cli/redis/reply.ts'
import type { Endpoint } from '../sides/side.ts'

interface Waiting {
  resolve(reply: Reply): void
  reject(error: Error): void
}

/** A connection in the Redis protocol; any number of requests may be under way. */
export class RespClient implements Disposable {
  readonly #socket: Socket
  readonly #reader = new ReplyReader()
  readonly #waiting: Waiting[] = []
  #failure: Error | undefined

  /** Connects in the background; requests wait for it. @param silenceMsMax after so long without a word the connection is given up */
  constructor(endpoint: Endpoint, silenceMsMax: number) {
    this.#socket = connect({ ...endpoint, noDelay: true })
    this.#socket.setTimeout(silenceMsMax, () => {
      if (this.#waiting.length > 0) this.#socket.destroy(new Error(`no answer in ${silenceMsMax} ms`))
    })
    this.#socket.on('data', (chunk: Buffer) => {
      for (const reply of this.#reader.add(chunk)) this.#waiting.shift()?.resolve(reply)
    })
    this.#socket.on('error', (error) => this.#fail(error))
    this.#socket.on('close', () => this.#fail(new Error('connection closed')))
  }

  /** @throws Error where the connection breaks before the reply: the request may have been done then */
  send(...words: readonly string[]): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#failure) {
        reject(this.#failure)
        return
      }
      this.#waiting.push({ resolve, reject })
      this.#socket.write(encode(words))
    })
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }

  #fail(error: Error): void {
    this.#failure ??= error
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure)
  }
}

function encode(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`
}
