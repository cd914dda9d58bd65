import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { parseAddress } from '../address.ts'
import { formatReply } from '../redis/format-reply.ts'
import { ReplyReader } from '../redis/reply.ts'

/** A Redis client for tests: any bytes, pipelines, replies as `unum redis` shows them. */
export class TestClient {
  readonly socket: Socket
  /** Resolves when the connection is over, whoever ended it. */
  readonly closed: Promise<void>
  readonly #reader = new ReplyReader()
  readonly #waiting: { resolve(reply: string): void; reject(error: Error): void }[] = []
  #isClosed = false

  constructor(socket: Socket) {
    this.socket = socket
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#isClosed = true
        for (const { reject } of this.#waiting.splice(0)) reject(new Error('the connection broke before the reply'))
        resolve()
      })
    })
    socket.on('error', () => {}) // `closed` tells
    socket.on('data', (chunk: Buffer) => {
      for (const reply of this.#reader.add(chunk)) this.#waiting.shift()?.resolve(formatReply(reply))
    })
  }

  /** @param endpoint `127.0.0.1:6379` */
  static async connect(endpoint: string): Promise<TestClient> {
    const socket = connect({ ...parseAddress(endpoint), noDelay: true })
    await once(socket, 'connect')
    return new TestClient(socket)
  }

  /** One command; its reply in the order of commands. */
  send(...words: readonly string[]): Promise<string> {
    const bulks = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`)
    return this.sendRaw(`*${words.length}\r\n${bulks.join('')}`)
  }

  /** Any bytes, and the next reply. */
  sendRaw(bytes: string | Buffer): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(new Error('the connection is closed'))
      this.#waiting.push({ resolve, reject })
      this.socket.write(bytes)
    })
  }

  close(): void {
    this.socket.destroy()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** One command over a connection of its own. */
export async function ask(endpoint: string, ...words: readonly string[]): Promise<string> {
  using client = await TestClient.connect(endpoint)
  return await client.send(...words)
}
