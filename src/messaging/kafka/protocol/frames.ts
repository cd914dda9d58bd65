import { type RequestHeadInput, readResponseHead, writeRequestHead, writeResponseHead } from './request-head.ts'
import type { Api } from './wire/api.ts'
import type { Decoded, Encodable, Shape } from './wire/field.ts'
import { WireReader } from './wire/wire-reader.ts'
import type { WireWriter } from './wire/wire-writer.ts'

/** Requests and responses as whole frames: length, head, body. What a server reads is split: first the head, then the body. */

/**
 * Appends a frame. Records in `body` must stay unchanged until the writer's parts are sent.
 * @throws RangeError, TypeError where `body` cannot be said in this version: then nothing is appended
 */
export function encodeResponse<Res extends Shape>(
  writer: WireWriter,
  api: Api<string, Shape, Res>,
  { version, correlationId, body }: ResponseFrame<Res>,
): void {
  writer.frame(() => {
    writeResponseHead(writer, api, version, correlationId)
    api.response.encode(writer, version, body)
  })
}

export interface ResponseFrame<Res extends Shape> {
  /** Of the request. */
  readonly version: number
  readonly correlationId: number
  readonly body: Encodable<Res>
}

export function encodeRequest<Req extends Shape>(
  writer: WireWriter,
  api: Api<string, Req, Shape>,
  { version, body, ...head }: RequestFrame<Req>,
): void {
  writer.frame(() => {
    writeRequestHead(writer, api, version, head)
    api.request.encode(writer, version, body)
  })
}

export interface RequestFrame<Req extends Shape> extends RequestHeadInput {
  readonly version: number
  readonly body: Encodable<Req>
}

/**
 * Of a frame without its length. Which API and version it belongs to, the client knows by the order of its requests.
 * @throws UnumError `DATA_DAMAGED`
 */
export function decodeResponse<Res extends Shape>(
  api: Api<string, Shape, Res>,
  version: number,
  frame: Uint8Array,
): { readonly correlationId: number; readonly body: Decoded<Res> } {
  const reader = new WireReader(frame)
  const correlationId = readResponseHead(reader, api, version)
  const body = api.response.decode(reader, version)
  reader.expectEnd()
  return { correlationId, body }
}
