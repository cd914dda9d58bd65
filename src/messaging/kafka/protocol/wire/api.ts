import type { Decoded, Encodable, Shape } from './field.ts'
import { Message } from './message.ts'

/** A row of the table: one kind of request and its response. */
export interface ApiRow<Name extends string, Req extends Shape, Res extends Shape> {
  readonly key: number
  readonly name: Name
  /** The first and the last that the table describes. */
  readonly versions: readonly [min: number, max: number]
  /** The first version with compact lengths and tagged fields, in both directions. */
  readonly flexibleSince: number | undefined
  readonly request: Req
  readonly response: Res
}

export interface Api<Name extends string = string, Req extends Shape = Shape, Res extends Shape = Shape> {
  readonly key: number
  readonly name: Name
  readonly versionMin: number
  readonly versionMax: number
  readonly request: Message<Req>
  readonly response: Message<Res>
}

export function defineApi<const Name extends string, Req extends Shape, Res extends Shape>(
  row: ApiRow<Name, Req, Res>,
): Api<Name, Req, Res> {
  const { key, name, flexibleSince } = row
  const [min, max] = row.versions
  const common = { versions: { min, max }, flexibleSince }
  return {
    key,
    name,
    versionMin: min,
    versionMax: max,
    request: new Message({ name: `${name} request`, ...common, shape: row.request }),
    response: new Message({ name: `${name} response`, ...common, shape: row.response }),
  }
}

/** What decoding a request yields. */
export type RequestOf<A> = A extends Api<string, infer Req, Shape> ? Decoded<Req> : never
/** What a client fills in. */
export type RequestInput<A> = A extends Api<string, infer Req, Shape> ? Encodable<Req> : never
/** What a handler fills in. */
export type ResponseInput<A> = A extends Api<string, Shape, infer Res> ? Encodable<Res> : never
/** What a client gets. */
export type ResponseOf<A> = A extends Api<string, Shape, infer Res> ? Decoded<Res> : never
