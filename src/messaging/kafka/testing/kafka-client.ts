import type { Address, Connection, Network } from '#kernel/base/host.ts'
import { FrameSplitter } from '../protocol/frame-splitter.ts'
import { decodeResponse, encodeRequest } from '../protocol/frames.ts'
import type { Api } from '../protocol/wire/api.ts'
import type { Decoded, Encodable, Shape } from '../protocol/wire/field.ts'
import { WireWriter } from '../protocol/wire/wire-writer.ts'

/** A connection of a Kafka client, for tests: one request at a time or many, answers in their order. */
export class KafkaClient {
  readonly #connection: Connection
  readonly #splitter = new FrameSplitter()
  readonly #waiting: { readonly take: (frame: Uint8Array) => void; readonly fail: (error: Error) => void }[] = []
  readonly #opened: Promise<void>
  #correlation = 0
  isClosed = false

  constructor(network: Network, address: Address) {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#opened = promise
    promise.catch(() => {})
    this.#connection = network.connect(address, {
      opened: resolve,
      data: (chunk) => this.#data(chunk),
      closed: (error) => {
        this.isClosed = true
        const gone = error ?? new Error('The broker closed the connection')
        reject(gone)
        for (const { fail } of this.#waiting.splice(0)) fail(gone)
      },
    })
  }

  #data(chunk: Uint8Array): void {
    this.#splitter.feed(chunk)
    while (this.#splitter.next() === 'frame') {
      const { bytes, start, end } = this.#splitter
      this.#waiting.shift()!.take(bytes.slice(start, end))
    }
    this.#splitter.keepRest()
  }

  async ask<Req extends Shape, Res extends Shape>(
    api: Api<string, Req, Res>,
    body: Encodable<Req>,
    version: number = api.versionMax,
  ): Promise<Decoded<Res>> {
    const writer = new WireWriter()
    encodeRequest(writer, api, { version, correlationId: this.#correlation++, clientId: 'test', body })
    const frame = await this.send(writer.takeParts())
    return decodeResponse(api, version, frame).body
  }

  /** Bytes as they are. @returns the next frame that is not another's answer */
  async send(parts: readonly Uint8Array[]): Promise<Uint8Array> {
    await this.#opened
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
    this.#waiting.push({ take: resolve, fail: reject })
    for (const part of parts) this.#connection.write(part)
    return promise
  }

  close(): void {
    this.#connection.end()
  }
}
