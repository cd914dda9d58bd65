import type { Socket } from 'node:net'
import { connect } from 'node:net'
import type { Address } from '#kernel/base/host.ts'
import { formatAddress } from '../address.ts'
import { Failure } from '../failure.ts'
import type { Reply } from './reply.ts'
import { ReplyReader } from './reply.ts'

const connectMsMax = 5000

/** One connection to a node, one command at a time. Made when it is first needed, and again after it broke. */
export class RedisClient {
  readonly #address: Address
  #socket: Socket | undefined
  #reader = new ReplyReader()
  #waiting: { readonly resolve: (reply: Reply) => void; readonly reject: (error: Error) => void } | undefined

  constructor(address: Address) {
    this.#address = address
  }

  get isConnected(): boolean {
    return this.#socket !== undefined
  }

  /** @throws Failure when there is no connection to be had, or it broke before the reply: the command may have been done then */
  async send(words: readonly (string | Buffer)[]): Promise<Reply> {
    const socket = this.#socket ?? (await this.#connect())
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      socket.write(encode(words))
    })
  }

  close(): void {
    this.#socket?.destroy()
    this.#socket = undefined
  }

  #connect(): Promise<Socket> {
    const at = formatAddress(this.#address)
    return new Promise((resolve, reject) => {
      const socket = connect({ ...this.#address, noDelay: true })
      socket.setTimeout(connectMsMax, () => socket.destroy(new Error(`no answer in ${connectMsMax / 1000} s`)))
      let problem: Error | undefined
      socket.once('connect', () => {
        socket.setTimeout(0)
        this.#socket = socket
        this.#reader = new ReplyReader()
        resolve(socket)
      })
      socket.on('data', (chunk: Buffer) => this.#read(chunk))
      socket.on('error', (error) => {
        problem = error
      })
      socket.on('close', () => {
        const why = problem?.message || (problem as NodeJS.ErrnoException | undefined)?.code || 'closed by the node'
        reject(
          new Failure(
            `cannot connect to ${at} (${why}): is a node running there? "unum up" starts some, --at HOST:PORT chooses one`,
          ),
        )
        if (this.#socket === socket) this.#socket = undefined
        this.#waiting?.reject(
          new Failure(`the connection to ${at} broke (${why}): the command may have been done or not`),
        )
        this.#waiting = undefined
      })
    })
  }

  #read(chunk: Buffer): void {
    try {
      for (const reply of this.#reader.add(chunk)) {
        if (reply.kind === 'push') continue // no answer to anything that was asked
        this.#waiting?.resolve(reply)
        this.#waiting = undefined
      }
    } catch (error) {
      this.#socket?.destroy(error as Error)
    }
  }
}

function encode(words: readonly (string | Buffer)[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${words.length}\r\n`)]
  for (const word of words) {
    const bytes = typeof word === 'string' ? Buffer.from(word) : word
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'))
  }
  return Buffer.concat(parts)
}
