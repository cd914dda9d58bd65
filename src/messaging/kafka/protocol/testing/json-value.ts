import { latin1Bytes } from '#kernel/base/bytes.ts'
import { parseUuid } from '../uuid.ts'
import type { AnyField, Shape } from '../wire/field.ts'
import { defaultValue, isIn, type Value } from './generate.ts'

/**
 * Values from the JSON that Kafka's own converters read and write: identifiers as Kafka shows them, bytes in base64, fields that
 * the version lacks left out.
 */
export function valueFromJson(shape: Shape, version: number, json: Value): Value {
  return Object.fromEntries(
    Object.entries(shape).map(([name, field]) => [
      name,
      isIn(field, version) && name in json ? fromJson(field, version, json[name]) : defaultValue(field),
    ]),
  )
}

function fromJson({ type }: AnyField, version: number, json: unknown): unknown {
  if (json === null) return null
  if (type.kind === 'array') return (json as unknown[]).map((each) => fromJson(type.element, version, each))
  if (type.kind === 'struct') return valueFromJson(type.shape, version, json as Value)
  if (type.name === 'uuid') return parseUuid(json as string)
  return type.name === 'bytes' || type.name === 'records' ? latin1Bytes(atob(json as string)) : json
}
