import { assert, UnumError } from '#kernel/base/errors.ts'
import { compileStruct, placeOf } from './compile.ts'
import type { Decoded, Encodable, Shape, VersionRange } from './field.ts'
import type { Codec } from './scalars.ts'
import { WireReader } from './wire-reader.ts'
import type { WireWriter } from './wire-writer.ts'

export interface MessageRow<S extends Shape> {
  /** For people: what error messages call it. */
  readonly name: string
  readonly versions: VersionRange
  /** The first version with compact lengths and tagged fields; undefined where no version has them. */
  readonly flexibleSince: number | undefined
  readonly shape: S
}

/** One message of the table, in all its versions. A version is compiled when it is first met. */
export class Message<S extends Shape> implements MessageRow<S> {
  readonly name: string
  readonly versions: VersionRange
  readonly flexibleSince: number | undefined
  readonly shape: S
  readonly #codecs: (Codec | undefined)[] = []

  constructor({ name, versions, flexibleSince, shape }: MessageRow<S>) {
    this.name = name
    this.versions = versions
    this.flexibleSince = flexibleSince
    this.shape = shape
  }

  isFlexible(version: number): boolean {
    return this.flexibleSince !== undefined && version >= this.flexibleSince
  }

  #codec(version: number): Codec {
    return (this.#codecs[version] ??= this.#compile(version))
  }

  #compile(version: number): Codec {
    const { min, max } = this.versions
    assert(version >= min && version <= max, `${this.name} has versions ${min} to ${max}, not ${version}`)
    return compileStruct(this.shape, { version, isFlexible: this.isFlexible(version) })
  }

  /**
   * Slices in what is returned share the memory of the reader's bytes.
   * @throws UnumError `DATA_DAMAGED`, with the place in the message
   */
  decode(reader: WireReader, version: number): Decoded<S> {
    try {
      return this.#codec(version).read(reader) as Decoded<S>
    } catch (error) {
      throw this.#explained(error, version)
    }
  }

  /** As `decode`, of bytes that hold nothing else. */
  decodeWhole(bytes: Uint8Array, version: number): Decoded<S> {
    const reader = new WireReader(bytes)
    const value = this.decode(reader, version)
    reader.expectEnd()
    return value
  }

  /** @throws RangeError, TypeError where `value` cannot be said in this version */
  encode(writer: WireWriter, version: number, value: Encodable<S>): void {
    this.#codec(version).write(writer, value)
  }

  #explained(error: unknown, version: number): unknown {
    if (!(error instanceof UnumError)) return error
    const place = placeOf(error)
    const where = place === '' ? '' : ` at ${place}`
    return new UnumError(error.code, `Cannot decode ${this.name} v${version}${where}: ${error.message}`, {
      cause: error,
    })
  }
}
