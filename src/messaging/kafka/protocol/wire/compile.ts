import type { AnyField, Shape, WireType } from './field.ts'
import { absent, arrayLength, type Codec, type Form, present, scalarDefaults, scalars } from './scalars.ts'
import type { WireReader } from './wire-reader.ts'
import { WireWriter } from './wire-writer.ts'

/**
 * Makes functions of the table, for one version of a message: what a version has, and in which form, is decided here and
 * not while a message is read.
 */
export interface Target {
  readonly version: number
  readonly isFlexible: boolean
}

type Struct = Record<string, unknown>

function compile(type: WireType, form: Form, target: Target): Codec {
  if (type.kind === 'scalar') return scalars[type.name](form)
  return type.kind === 'array' ? compileArray(type.element, form, target) : maybeNull(type.shape, form, target)
}

function formOf(field: AnyField, { version, isFlexible }: Target): Form {
  return { isFlexible, isNullable: version >= field.nullableSince }
}

function compileArray(element: AnyField, form: Form, target: Target): Codec {
  const length = arrayLength(form)
  const { isNullable } = form
  const { bytesMin, read, write } = compile(element.type, formOf(element, target), target)
  return {
    bytesMin: length.bytesMin,
    read: (reader) => {
      const announced = present(length.read(reader), isNullable, reader)
      if (announced < 0) return null
      const count = reader.elements(announced, bytesMin)
      const list: unknown[] = []
      let i = 0
      try {
        for (; i < count; i++) list.push(read(reader))
      } catch (error) {
        throw within(error, `[${i}]`)
      }
      return list
    },
    write: (writer, value) => {
      if (value === null) {
        absent(isNullable)
        length.write(writer, -1)
        return
      }
      const list = value as readonly unknown[]
      length.write(writer, list.length)
      for (let i = 0; i < list.length; i++) write(writer, list[i])
    },
  }
}

/** A structure that may be null is preceded by a byte: -1 for null, 1 otherwise. */
function maybeNull(shape: Shape, { isNullable }: Form, target: Target): Codec {
  const codec = compileStruct(shape, target)
  if (!isNullable) return codec
  return {
    bytesMin: 1,
    read: (reader) => (reader.int8() < 0 ? null : codec.read(reader)),
    write: (writer, value) => {
      writer.uint8(value === null ? -1 : 1)
      if (value !== null) codec.write(writer, value)
    },
  }
}

/** A field of one version. */
interface Present {
  readonly name: string
  readonly field: AnyField
  readonly codec: Codec
  readonly byDefault: unknown
}

export function compileStruct(shape: Shape, target: Target): Codec {
  const { version, isFlexible } = target
  const entries = Object.entries(shape)
  const isHere = ({ versions }: AnyField) => version >= versions.min && version <= versions.max
  const present: Present[] = entries
    .filter(([, field]) => isHere(field))
    .map(([name, field]) => ({
      name,
      field,
      codec: compile(field.type, formOf(field, target), target),
      byDefault: defaultOf(field),
    }))
  // Every structure that is read has all fields, in one order, so that all have one shape.
  const template: Struct = Object.fromEntries(entries.map(([name, field]) => [name, defaultOf(field)]))
  const plain = present.filter(({ field }) => field.tag === undefined)
  const tagged = present.filter(({ field }) => field.tag !== undefined).sort((a, b) => a.field.tag! - b.field.tag!)
  const lost = entries.filter(([, field]) => !isHere(field) && !field.isIgnorable)
  const names = plain.map(({ name }) => name)
  const reads = plain.map(({ codec }) => codec.read)
  const writes = plain.map(({ codec }) => codec.write)
  const defaults = plain.map(({ byDefault }) => byDefault)
  const count = plain.length
  return {
    bytesMin: plain.reduce((sum, { codec }) => sum + codec.bytesMin, isFlexible ? 1 : 0),
    read: (reader) => {
      const value = { ...template }
      let i = 0
      try {
        for (; i < count; i++) value[names[i]!] = reads[i]!(reader)
      } catch (error) {
        throw within(error, `.${names[i]}`)
      }
      if (isFlexible) readTagged(reader, tagged, value)
      return value
    },
    write: (writer, value) => {
      const struct = value as Struct
      for (let i = 0; i < count; i++) {
        const given = struct[names[i]!]
        writes[i]!(writer, given === undefined ? defaults[i] : given)
      }
      for (let i = 0; i < lost.length; i++) refuseLost(lost[i]!, struct, version)
      if (isFlexible) writeTagged(writer, tagged, struct)
    },
  }
}

function readTagged(reader: WireReader, known: readonly Present[], value: Struct): void {
  // By far the most common section is empty.
  if (reader.remaining > 0 && reader.bytes[reader.position] === 0) {
    reader.position++
    return
  }
  reader.tagged((tag) => {
    const found = known.find(({ field }) => field.tag === tag)
    if (!found) return false
    try {
      value[found.name] = found.codec.read(reader)
    } catch (error) {
      throw within(error, `.${found.name}`)
    }
    return true
  })
}

function writeTagged(writer: WireWriter, known: readonly Present[], struct: Struct): void {
  let count = 0
  for (let i = 0; i < known.length; i++) if (isSent(known[i]!, struct)) count++
  writer.varint(count)
  if (count === 0) return
  for (const each of known) {
    if (!isSent(each, struct)) continue
    const content = new WireWriter()
    each.codec.write(content, struct[each.name])
    writer.varint(each.field.tag!)
    writer.varint(content.length)
    writer.raw(content.view())
  }
}

function isSent({ name, field }: Present, struct: Struct): boolean {
  const value = struct[name]
  return value !== undefined && !isDefault(field, value)
}

/** A value would be lost silently, and it matters. */
function refuseLost([name, field]: [string, AnyField], struct: Struct, version: number): void {
  const value = struct[name]
  if (value === undefined || isDefault(field, value)) return
  throw new RangeError(`Cannot encode ${name} in version ${version}, which lacks it: it must have its default`)
}

/** Made once for each structure: whoever is handed one must not change it. */
function defaultOf({ given, type }: AnyField): unknown {
  if (given !== undefined) return given
  switch (type.kind) {
    case 'scalar':
      return scalarDefaults[type.name]
    case 'array':
      return noElements
    case 'struct':
      return Object.fromEntries(Object.entries(type.shape).map(([name, field]) => [name, defaultOf(field)]))
  }
}
const noElements: readonly never[] = []

/** Arrays of the table are empty where they have a default; structures have that of their fields. */
function isDefault({ given, type }: AnyField, value: unknown): boolean {
  if (given !== undefined && type.kind === 'scalar') return value === given
  if (value === null || given === null) return value === given
  switch (type.kind) {
    case 'scalar':
      return type.name === 'bytes' || type.name === 'records'
        ? (value as Uint8Array).length === 0
        : value === scalarDefaults[type.name]
    case 'array':
      return (value as readonly unknown[]).length === 0
    case 'struct': {
      const struct = value as Struct
      return Object.entries(type.shape).every(
        ([name, field]) => struct[name] === undefined || isDefault(field, struct[name]),
      )
    }
  }
}

/** The error with the place where it happened, built up from the inside. */
function within(error: unknown, step: string): unknown {
  if (!(error instanceof Error)) return error
  const place = places.get(error)
  places.set(error, place === undefined ? step : `${step}${place}`)
  return error
}
const places = new WeakMap<Error, string>()

/** Where in the message it happened: `topics[2].name`; '' where that is not known. */
export function placeOf(error: Error): string {
  return places.get(error)?.slice(1) ?? ''
}
