import type { RecordBytes } from './wire-writer.ts'

/**
 * The notation of the table of messages. A field is a type with what is said of it:
 *
 *     topicId: uuid.since(10)                     in version 10 and later
 *     rack: string.since(1).nullable().or(null)   may be null; null where it is left out, and in versions before 1
 *     groups: array({ groupId: string })          a list of structures
 *     currentLeader: struct({ … }).tagged(0, 10)  a tagged field, number 0, from version 10 on
 *
 * Versions count for the message as a whole, also within structures. The types of the values that are decoded and encoded
 * follow from the table.
 */
export class Field<Out, In = Out, Optional extends boolean = false> {
  declare readonly out: Out
  declare readonly in: In
  declare readonly optional: Optional

  readonly type: WireType
  readonly versions: VersionRange
  /** May be null in these versions and later. */
  readonly nullableSince: number
  readonly tag: number | undefined
  readonly isIgnorable: boolean
  /** Undefined: the type's own (0, '', [] …). */
  readonly given: unknown

  constructor(type: WireType, traits: Partial<Omit<Traits, 'type'>> = {}) {
    this.type = type
    this.versions = traits.versions ?? allVersions
    this.nullableSince = traits.nullableSince ?? Number.POSITIVE_INFINITY
    this.tag = traits.tag
    this.isIgnorable = traits.isIgnorable ?? false
    this.given = traits.given
  }

  since(version: number): Field<Out, In, Optional> {
    return new Field(this.type, { ...this, versions: { min: version, max: this.versions.max } })
  }

  /** The last version that has it. */
  until(version: number): Field<Out, In, Optional> {
    return new Field(this.type, { ...this, versions: { min: this.versions.min, max: version } })
  }

  nullable(since = 0): Field<Out | null, In | null, Optional> {
    return new Field(this.type, { ...this, nullableSince: since })
  }

  /** The value where none is given, and in versions that lack the field. */
  or(value: In): Field<Out, In, true> {
    return new Field(this.type, { ...this, given: value })
  }

  /** Sent in the tagged section, where it differs from its default. */
  tagged(tag: number, since: number): Field<Out, In, true> {
    return new Field(this.type, { ...this, tag, versions: { min: since, max: this.versions.max } })
  }

  /** A value may be lost to a version that lacks the field. Other fields must then have their default. */
  ignorable(): Field<Out, In, Optional> {
    return new Field(this.type, { ...this, isIgnorable: true })
  }
}

export interface VersionRange {
  readonly min: number
  readonly max: number
}
const allVersions: VersionRange = { min: 0, max: Number.POSITIVE_INFINITY }

interface Traits {
  readonly type: WireType
  readonly versions: VersionRange
  readonly nullableSince: number
  readonly tag: number | undefined
  readonly isIgnorable: boolean
  readonly given: unknown
}

export type ScalarName = 'boolean' | 'int8' | 'int16' | 'int32' | 'int64' | 'uuid' | 'string' | 'bytes' | 'records'
export type WireType =
  | { readonly kind: 'scalar'; readonly name: ScalarName }
  | { readonly kind: 'array'; readonly element: AnyField }
  | { readonly kind: 'struct'; readonly shape: Shape }

export type AnyField = Field<unknown, unknown, boolean>
/** A structure: its fields in the order of the wire. */
export type Shape = Readonly<Record<string, AnyField>>

/** What decoding yields: every field is there, with its default where the version lacks it. */
export type Decoded<S extends Shape> = { readonly [K in keyof S]: S[K]['out'] }

type OptionalKeys<S extends Shape> = { [K in keyof S]: S[K]['optional'] extends true ? K : never }[keyof S]
type Flat<T> = { [K in keyof T]: T[K] }
/** What encoding takes: fields with a default of the table may be left out. */
export type Encodable<S extends Shape> = Flat<
  { readonly [K in Exclude<keyof S, OptionalKeys<S>>]: S[K]['in'] } & {
    readonly [K in OptionalKeys<S>]?: S[K]['in'] | undefined
  }
>

function scalar<Out, In = Out>(name: ScalarName): Field<Out, In> {
  return new Field({ kind: 'scalar', name })
}

export const boolean = scalar<boolean>('boolean')
export const int8 = scalar<number>('int8')
export const int16 = scalar<number>('int16')
export const int32 = scalar<number>('int32')
/** Exact up to 2^53, beyond that the nearest double; 2^63 stands for the highest. */
export const int64 = scalar<number>('int64')
/** 16 characters, one for each byte: see `uuid.ts`. */
export const uuid = scalar<string>('uuid')
export const string = scalar<string>('string')
/** Decoded as a slice of what is read. */
export const bytes = scalar<Uint8Array>('bytes')
/** Record batches: decoded as a slice of what is read, encoded without a copy where they are large. */
export const records = scalar<Uint8Array, RecordBytes>('records')

export function struct<S extends Shape>(shape: S): Field<Decoded<S>, Encodable<S>> {
  return new Field({ kind: 'struct', shape })
}

export function array<Out, In>(element: Field<Out, In, boolean>): Field<readonly Out[], readonly In[]>
export function array<S extends Shape>(shape: S): Field<readonly Decoded<S>[], readonly Encodable<S>[]>
export function array(element: AnyField | Shape): AnyField {
  return new Field({ kind: 'array', element: element instanceof Field ? element : struct(element) })
}
