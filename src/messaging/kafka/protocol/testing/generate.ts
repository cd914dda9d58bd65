import { latin1Text } from '#kernel/base/bytes.ts'
import type { Dice } from '#kernel/base/testing/fuzz/index.ts'
import type { AnyField, ScalarName, Shape } from '../wire/field.ts'

/**
 * Values of messages by chance, as decoding yields them: every field that the version has is there, the others have their
 * defaults.
 */
export interface GenerateOptions {
  readonly version: number
  readonly dice: Dice
  /** The most elements of an array. */
  readonly elementsMax: number
}

export type Value = Record<string, unknown>

export function generate(shape: Shape, options: GenerateOptions): Value {
  return Object.fromEntries(Object.entries(shape).map(([name, field]) => [name, fieldValue(field, options)]))
}

export function isIn({ versions }: AnyField, version: number): boolean {
  return version >= versions.min && version <= versions.max
}

function fieldValue(field: AnyField, options: GenerateOptions): unknown {
  const { version, dice, elementsMax } = options
  if (!isIn(field, version)) return defaultValue(field)
  if (version >= field.nullableSince && dice.once(5)) return null
  const { type } = field
  if (type.kind === 'scalar') return scalarValues[type.name](dice)
  if (type.kind === 'struct') return generate(type.shape, options)
  return Array.from({ length: dice.below(elementsMax + 1) }, () => fieldValue(type.element, options))
}

/** As the table says it: written apart from the codec. */
export function defaultValue({ given, type }: AnyField): unknown {
  if (given !== undefined) return given
  if (type.kind === 'array') return []
  if (type.kind === 'struct') {
    return Object.fromEntries(Object.entries(type.shape).map(([name, field]) => [name, defaultValue(field)]))
  }
  const defaults = {
    boolean: false,
    uuid: '\0'.repeat(16),
    string: '',
    bytes: new Uint8Array(0),
    records: new Uint8Array(0),
  }
  return type.name in defaults ? defaults[type.name as keyof typeof defaults] : 0
}

function integer(bits: number): (dice: Dice) => number {
  const half = 2 ** (bits - 1)
  return (dice) => {
    if (dice.once(4)) return dice.of([0, 1, -1, half - 1, -half])
    return dice.once(2)
      ? dice.below(Math.min(half, 200))
      : Math.floor((dice.uint32() / 2 ** 32) * half) * (dice.once(2) ? -1 : 1) + 0
  }
}

/** Exact, and what stands for the highest and the lowest there are. */
function int64(dice: Dice): number {
  const value = integer(53)(dice)
  return dice.once(10) ? dice.of([2 ** 63, -(2 ** 63)]) : value
}

function randomBytes(dice: Dice, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => dice.below(256))
}

const texts = ['', 'a', 'orders', 'consumer-1', 'Grüße', '日本', '\u{1f600}', '\ufffd', 'x'.repeat(130)]

const scalarValues: Record<ScalarName, (dice: Dice) => unknown> = {
  boolean: (dice) => dice.once(2),
  int8: integer(8),
  int16: integer(16),
  int32: integer(32),
  int64,
  uuid: (dice) => latin1Text(randomBytes(dice, 16)),
  string: (dice) => dice.of(texts),
  bytes: (dice) => randomBytes(dice, dice.below(9)),
  records: (dice) => randomBytes(dice, dice.below(40)),
}
