import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { latin1Bytes } from '#kernel/base/bytes.ts'
import type { Address, Connection, Network } from '#kernel/base/host.ts'
import { ReplyError, ReplyReader } from './reply-reader.ts'

export interface RedisConnectionEvents {
  opened(): void
  /** In the order of the commands; canonical (`redis/command.ts`). */
  replied(reply: string): void
  /** Once, last. `protocolError`: the server sent what is no reply. */
  closed(protocolError: string | undefined): void
}

/** A client's connection to a Redis listener: commands out, replies in. */
export class RedisConnection {
  readonly #connection: Connection
  readonly #writer = new ByteWriter()
  #protocolError: string | undefined

  constructor(network: Network, address: Address, events: RedisConnectionEvents) {
    const reader = new ReplyReader((reply) => events.replied(reply))
    this.#connection = network.connect(address, {
      opened: () => events.opened(),
      data: (chunk) => {
        if (this.#protocolError !== undefined) return
        try {
          reader.push(chunk)
        } catch (error) {
          if (!(error instanceof ReplyError)) throw error
          this.#protocolError = error.message
          this.#connection.destroy()
        }
      },
      closed: () => events.closed(this.#protocolError),
    })
  }

  /** Queues a command until `flush`. @param words one character per byte. */
  send(words: readonly string[]): void {
    this.#writer.ascii(`*${words.length}\r\n`)
    for (const word of words) {
      this.#writer.ascii(`$${word.length}\r\n`)
      if (word.length > 64) this.#writer.raw(latin1Bytes(word))
      else this.#writer.ascii(word)
      this.#writer.ascii('\r\n')
    }
  }

  flush(): void {
    this.#connection.write(this.#writer.take())
  }

  /** Replies that are under way are lost. `closed` follows. */
  destroy(): void {
    this.#connection.destroy()
  }
}
