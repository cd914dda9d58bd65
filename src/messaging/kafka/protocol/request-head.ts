import { apiOfKey } from './apis.ts'
import { apiVersions } from './messages/cluster.ts'
import type { Api } from './wire/api.ts'
import type { WireReader } from './wire/wire-reader.ts'
import type { WireWriter } from './wire/wire-writer.ts'

/** What precedes every request. */
export interface RequestHead {
  readonly apiKey: number
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
  /** Undefined where the table has no such API. */
  readonly api: Api | undefined
  /** Whether the table has that version; if it has not, the body cannot be read. */
  readonly isKnownVersion: boolean
}

/**
 * Reads a head of version 1, or of version 2 (with tagged fields) before a flexible request. The client's id has the old form of
 * a length in both.
 * @throws UnumError `DATA_DAMAGED`
 */
export function readRequestHead(reader: WireReader): RequestHead {
  const apiKey = reader.int16()
  const apiVersion = reader.int16()
  const correlationId = reader.int32()
  const api = apiOfKey(apiKey)
  const isKnownVersion = api !== undefined && apiVersion >= api.versionMin && apiVersion <= api.versionMax
  // What follows has a form that is not known: these three fields are all that an answer needs.
  if (!isKnownVersion) return { apiKey, apiVersion, correlationId, clientId: null, api, isKnownVersion }
  const length = reader.int16()
  const clientId = length < 0 ? null : reader.utf8(length)
  if (api.request.isFlexible(apiVersion)) reader.tagged(() => false)
  return { apiKey, apiVersion, correlationId, clientId, api, isKnownVersion }
}

export interface RequestHeadInput {
  readonly correlationId: number
  readonly clientId: string | null
}

export function writeRequestHead(writer: WireWriter, api: Api, version: number, head: RequestHeadInput): void {
  writer.uint16Be(api.key)
  writer.uint16Be(version)
  writer.uint32Be(head.correlationId)
  const lengthAt = writer.length
  writer.uint16Be(-1)
  if (head.clientId !== null) {
    const count = writer.utf8(head.clientId)
    const end = writer.length
    writer.length = lengthAt
    writer.uint16Be(count)
    writer.length = end
  }
  if (api.request.isFlexible(version)) writer.varint(0)
}

/** A response's head has tagged fields where the response is flexible; that to ApiVersions never has, so that any client can read it. */
function hasTaggedHead(api: Api, version: number): boolean {
  return api.key !== apiVersions.key && api.response.isFlexible(version)
}

export function writeResponseHead(writer: WireWriter, api: Api, version: number, correlationId: number): void {
  writer.uint32Be(correlationId)
  if (hasTaggedHead(api, version)) writer.varint(0)
}

/** @returns the correlation id */
export function readResponseHead(reader: WireReader, api: Api, version: number): number {
  const correlationId = reader.int32()
  if (hasTaggedHead(api, version)) reader.tagged(() => false)
  return correlationId
}
