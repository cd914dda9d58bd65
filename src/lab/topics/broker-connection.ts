import type { Address, Clock, Connection, Network } from '#kernel/base/host.ts'
import { FrameSplitter } from '#messaging/kafka/protocol/frame-splitter.ts'
import { decodeResponse, encodeRequest } from '#messaging/kafka/protocol/frames.ts'
import type { Api } from '#messaging/kafka/protocol/wire/api.ts'
import type { Decoded, Encodable, Shape } from '#messaging/kafka/protocol/wire/field.ts'
import { WireWriter } from '#messaging/kafka/protocol/wire/wire-writer.ts'

type Take = (frame: Uint8Array | undefined) => void

/** A connection of a Kafka client: requests are sent at once, answers come in their order or, when it breaks, not at all. */
export class BrokerConnection {
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #connection: Connection
  readonly #splitter = new FrameSplitter()
  readonly #waiting: Take[] = []
  #correlation = 0
  isClosed = false

  /** @param timeoutMs without an answer for so long it is given up, with all that is under way. */
  constructor(options: {
    readonly clock: Clock
    readonly network: Network
    readonly address: Address
    readonly timeoutMs: number
  }) {
    this.#clock = options.clock
    this.#timeoutMs = options.timeoutMs
    this.#connection = options.network.connect(options.address, {
      opened: () => {},
      data: (chunk) => this.#data(chunk),
      closed: () => this.#close(),
    })
  }

  #data(chunk: Uint8Array): void {
    this.#splitter.feed(chunk)
    while (this.#splitter.next() === 'frame') {
      const { bytes, start, end } = this.#splitter
      this.#waiting.shift()?.(bytes.slice(start, end))
    }
    this.#splitter.keepRest()
  }

  #close(): void {
    this.isClosed = true
    for (const take of this.#waiting.splice(0)) take(undefined)
  }

  /** @returns undefined: no answer came, and none will. @param waitMs that the broker may wait before it answers */
  async ask<Req extends Shape, Res extends Shape>(
    api: Api<string, Req, Res>,
    body: Encodable<Req>,
    { version = api.versionMax, waitMs = 0 }: { readonly version?: number; readonly waitMs?: number } = {},
  ): Promise<Decoded<Res> | undefined> {
    if (this.isClosed) return undefined
    const writer = new WireWriter()
    encodeRequest(writer, api, { version, correlationId: this.#correlation++, clientId: 'lab', body })
    const { promise, resolve } = Promise.withResolvers<Uint8Array | undefined>()
    this.#waiting.push(resolve)
    const timer = this.#clock.timer(this.#timeoutMs + waitMs, () => this.destroy())
    for (const part of writer.takeParts()) this.#connection.write(part)
    const frame = await promise
    timer.cancel()
    return frame && decodeResponse(api, version, frame).body
  }

  destroy(): void {
    this.#close()
    this.#connection.destroy()
  }
}
