import { emptyBytes } from '#kernel/base/bytes.ts'
import { zeroUuid } from '../uuid.ts'
import type { ScalarName } from './field.ts'
import { damaged, type WireReader } from './wire-reader.ts'
import { type RecordBytes, recordBytesLength, type WireWriter } from './wire-writer.ts'

/** How one type is read and written in one version of a message. */
export interface Codec {
  /** What each value takes at least: bounds how many there can be. */
  readonly bytesMin: number
  readonly read: (reader: WireReader) => unknown
  readonly write: (writer: WireWriter, value: unknown) => void
}

/** How a length, or the absence of a value, is written: -1 for null, or (compact) one more than the length, 0 for null. */
export interface LengthForm {
  readonly bytesMin: number
  /** -1 for null. */
  readonly read: (reader: WireReader) => number
  readonly write: (writer: WireWriter, length: number) => void
}

/** In Kafka also where the compact form could say more. */
const textBytesMax = 0x7fff

const compactLength: LengthForm = {
  bytesMin: 1,
  read: (reader) => reader.uvarint32() - 1,
  write: (writer, length) => writer.varint(length + 1),
}
const shortLength: LengthForm = {
  bytesMin: 2,
  read: (reader) => absentOr(reader.int16(), reader),
  write: (writer, length) => {
    if (length > textBytesMax) throw new RangeError(`Cannot encode a text of ${length} bytes: at most ${textBytesMax}`)
    writer.uint16Be(length)
  },
}
const longLength: LengthForm = {
  bytesMin: 4,
  read: (reader) => absentOr(reader.int32(), reader),
  write: (writer, length) => writer.uint32Be(length),
}

function absentOr(length: number, reader: WireReader): number {
  if (length < -1) throw damaged(`A length before ${reader.position} is negative: ${length}`)
  return length
}

export interface Form {
  readonly isFlexible: boolean
  readonly isNullable: boolean
}

export function arrayLength({ isFlexible }: Form): LengthForm {
  return isFlexible ? compactLength : longLength
}

/** The length of what is there. @throws UnumError `DATA_DAMAGED` for null where null may not be */
export function present(length: number, isNullable: boolean, reader: WireReader): number {
  if (length < 0 && !isNullable) throw damaged(`Null before ${reader.position} where null may not be`)
  return length
}

export function absent(isNullable: boolean): void {
  if (!isNullable) throw new TypeError('Cannot encode null: this version has no null here')
}

function fixed<T>(
  bytesMin: number,
  read: (reader: WireReader) => T,
  write: (writer: WireWriter, value: T) => void,
): () => Codec {
  const codec = { bytesMin, read, write } as Codec
  return () => codec
}

function sized<T>(
  lengthOf: (form: Form) => LengthForm,
  read: (reader: WireReader, length: number) => T,
  write: (writer: WireWriter, value: T, length: LengthForm) => void,
): (form: Form) => Codec {
  return (form) => {
    const length = lengthOf(form)
    const { isNullable } = form
    return {
      bytesMin: length.bytesMin,
      read: (reader) => {
        const count = present(length.read(reader), isNullable, reader)
        return count < 0 ? null : read(reader, count)
      },
      write: (writer, value) => {
        if (value !== null) write(writer, value as T, length)
        else {
          absent(isNullable)
          length.write(writer, -1)
        }
      },
    }
  }
}

function writeText(writer: WireWriter, text: string, length: LengthForm): void {
  const at = writer.length
  // Nearly every text is short ASCII: as many bytes as characters.
  length.write(writer, text.length)
  const count = writer.utf8(text)
  if (count === text.length) return
  writer.length = at
  length.write(writer, count)
  writer.utf8(text)
}

function slice(reader: WireReader, length: number): Uint8Array {
  const at = reader.position
  reader.skip(length)
  return reader.bytes.subarray(at, at + length)
}

export const scalars: Record<ScalarName, (form: Form) => Codec> = {
  boolean: fixed<boolean>(
    1,
    (reader) => reader.boolean(),
    (writer, value) => writer.uint8(value ? 1 : 0),
  ),
  int8: fixed<number>(
    1,
    (reader) => reader.int8(),
    (writer, value) => writer.uint8(value),
  ),
  int16: fixed<number>(
    2,
    (reader) => reader.int16(),
    (writer, value) => writer.uint16Be(value),
  ),
  int32: fixed<number>(
    4,
    (reader) => reader.int32(),
    (writer, value) => writer.uint32Be(value),
  ),
  int64: fixed<number>(
    8,
    (reader) => reader.int64(),
    (writer, value) => writer.int64(value),
  ),
  uuid: fixed<string>(
    16,
    (reader) => reader.uuid(),
    (writer, value) => writer.uuid(value),
  ),
  string: sized<string>(
    ({ isFlexible }) => (isFlexible ? compactLength : shortLength),
    (reader, length) => {
      if (length > textBytesMax)
        throw damaged(`A text of ${length} bytes at ${reader.position}: at most ${textBytesMax}`)
      return reader.utf8(length)
    },
    writeText,
  ),
  bytes: sized<Uint8Array>(arrayLength, slice, (writer, value, length) => {
    length.write(writer, value.length)
    writer.raw(value)
  }),
  records: sized<RecordBytes>(arrayLength, slice, (writer, value, length) => {
    length.write(writer, recordBytesLength(value))
    writer.splice(value)
  }),
}

/** The values of fields for which the table gives none. */
export const scalarDefaults: Record<ScalarName, unknown> = {
  boolean: false,
  int8: 0,
  int16: 0,
  int32: 0,
  int64: 0,
  uuid: zeroUuid,
  string: '',
  bytes: emptyBytes,
  records: emptyBytes,
}
