import { UnumError } from '#kernel/base/errors.ts'
import type { Connection, ConnectionHandler } from '#kernel/base/host.ts'
import { highWaterBytes } from '#kernel/base/host.ts'
import type { Broker } from './broker.ts'
import { handlers, served } from './handlers/index.ts'
import { unknownApiVersionsBody } from './protocol/api-versions.ts'
import { apis } from './protocol/apis.ts'
import { FrameSplitter } from './protocol/frame-splitter.ts'
import { encodeResponse } from './protocol/frames.ts'
import { readRequestHead } from './protocol/request-head.ts'
import type { Api } from './protocol/wire/api.ts'
import { WireReader } from './protocol/wire/wire-reader.ts'
import { WireWriter } from './protocol/wire/wire-writer.ts'

/** Requests of one connection that are not answered: more of them wait in the socket. */
const underWayMax = 64

/** A request's place in the order of answers. */
interface Place {
  parts: readonly Uint8Array[] | undefined
}

/** What a handler knows of whoever asks. */
export interface Caller {
  readonly broker: Broker
  readonly version: number
  readonly clientId: string | null
  readonly peer: string
}

/** `no answer`: the client waits for none. `close`: it is to see that something went wrong. */
export type HandlerResult<Body> = Body | 'no answer' | 'close'
export type Handler<Request, Body> = (
  request: Request,
  caller: Caller,
) => HandlerResult<Body> | Promise<HandlerResult<Body>>

/**
 * One client. Requests are begun in the order in which they come, and answered in that order.
 *
 * What a request's slices point into is the host's again when its handler returns: what is needed later is copied.
 */
export class KafkaConnection implements ConnectionHandler {
  readonly #broker: Broker
  readonly #connection: Connection
  readonly #splitter = new FrameSplitter()
  readonly #places: Place[] = []
  readonly #writer = new WireWriter(1024)
  #isPaused = false
  #isClosed = false

  constructor(broker: Broker, connection: Connection) {
    this.#broker = broker
    this.#connection = connection
  }

  data(chunk: Uint8Array): void {
    this.#splitter.feed(chunk)
    this.#readOn()
    if (!this.#isClosed) this.#splitter.keepRest()
  }

  #readOn(): void {
    while (!this.#isClosed && !this.#mustWait) {
      const found = this.#splitter.next()
      if (found === 'more') break
      if (found === 'error') {
        this.#refuse(this.#splitter.problem)
        return
      }
      const { bytes, start, end } = this.#splitter
      this.#request(bytes.subarray(start, end))
    }
    this.#setPaused(this.#mustWait)
  }

  get #mustWait(): boolean {
    return this.#places.length >= underWayMax || this.#connection.queuedBytes > highWaterBytes
  }

  #setPaused(isPaused: boolean): void {
    if (isPaused === this.#isPaused) return
    this.#isPaused = isPaused
    if (isPaused) this.#connection.pause()
    else this.#connection.resume()
  }

  #request(frame: Uint8Array): void {
    try {
      const reader = new WireReader(frame)
      const head = readRequestHead(reader)
      const { api, apiVersion: version, correlationId, clientId } = head
      const row = api && served.find((each) => each.api.key === api.key)
      const isServed = row !== undefined && version >= row.versionMin && version <= row.versionMax
      if (!isServed || !api) {
        if (head.apiKey === apis.ApiVersions.key) {
          this.#answer(this.#place(), apis.ApiVersions, 0, correlationId, unknownApiVersionsBody(served))
        } else this.#refuse(`API ${head.apiKey} version ${version} is not served`)
        return
      }
      const body = api.request.decode(reader, version)
      const caller = { broker: this.#broker, version, clientId, peer: this.#connection.peer }
      const place = this.#place()
      const result = handlers[api.key]!(body as never, caller)
      if (result instanceof Promise) {
        result
          .then((later) => this.#finish(place, api, version, correlationId, later))
          .catch((error) => this.#failed(error, api))
      } else this.#finish(place, api, version, correlationId, result)
    } catch (error) {
      if (error instanceof UnumError && error.code === 'DATA_DAMAGED') this.#refuse(error.message)
      else this.#failed(error, undefined)
    }
  }

  #place(): Place {
    const place: Place = { parts: undefined }
    this.#places.push(place)
    return place
  }

  #finish(place: Place, api: Api, version: number, correlationId: number, result: HandlerResult<unknown>): void {
    if (this.#isClosed) return
    if (result === 'close') this.#close()
    else if (result === 'no answer') {
      place.parts = []
      this.#send()
    } else this.#answer(place, api, version, correlationId, result)
  }

  #answer(place: Place, api: Api, version: number, correlationId: number, body: unknown): void {
    encodeResponse(this.#writer, api, { version, correlationId, body: body as never })
    place.parts = this.#writer.takeParts()
    this.#send()
  }

  #send(): void {
    const places = this.#places
    while (places.length > 0 && places[0]!.parts !== undefined) {
      for (const part of places.shift()!.parts!) this.#connection.write(part)
    }
    if (this.#isPaused && !this.#mustWait) this.#readOn()
  }

  /** As Kafka does with what it cannot read: the connection ends, and the log says why. */
  #refuse(why: string): void {
    this.#broker.context.log.warn({ client: this.#connection.peer }, `A Kafka client is sent away: ${why}`)
    this.#close()
  }

  #failed(error: unknown, api: Api | undefined): void {
    if (this.#isClosed) return
    this.#broker.context.log.error(
      { client: this.#connection.peer, api: api?.name, error: String(error), stack: (error as Error)?.stack },
      'Closed a Kafka client after a bug',
    )
    this.#close()
  }

  #close(): void {
    this.#isClosed = true
    this.#connection.end()
  }

  drained(): void {
    if (this.#isPaused && !this.#isClosed) this.#readOn()
  }

  closed(): void {
    this.#isClosed = true
  }
}
