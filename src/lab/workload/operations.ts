import type { Random } from '#kernel/base/host.ts'
import type { StringCommand } from '../redis/string-commands.ts'

/** What is done with a key: narrow kinds make a double, lost or reordered effect visible soonest. */
export type KeyKind = 'register' | 'counter' | 'text' | 'mixed'

/** Each command as often as its weight. */
type Choices = readonly StringCommand[]

function choices(weights: Partial<Readonly<Record<StringCommand, number>>>): Choices {
  const rows = Object.entries(weights) as [StringCommand, number][]
  return rows.flatMap(([command, weight]) => Array.from({ length: weight }, () => command))
}

const reads: Readonly<Record<KeyKind, Choices>> = {
  register: choices({ get: 12, strlen: 1, exists: 1, ttl: 1 }),
  counter: choices({ get: 8, exists: 1 }),
  text: choices({ get: 5, strlen: 4, getRange: 3 }),
  mixed: choices({ get: 4, strlen: 1, exists: 1, type: 1, ttl: 1, getRange: 1 }),
}

const writes: Readonly<Record<KeyKind, Choices>> = {
  register: choices({ set: 12, setNx: 2, setXx: 2, setGet: 2, setNxGet: 1, setnx: 1, getSet: 2, getDel: 1, del: 2 }),
  counter: choices({ incr: 12, incrBy: 6, decr: 3, decrBy: 3, set: 1, getSet: 1, del: 1 }),
  text: choices({ append: 14, setRange: 3, set: 1, getDel: 1, del: 1 }),
  mixed: choices({
    ...{ set: 3, setNx: 1, setXx: 1, setGet: 1, setNxGet: 1, setnx: 1, getSet: 1, getDel: 1, del: 1 },
    ...{ append: 3, setRange: 2, incr: 2, incrBy: 1, decr: 1, decrBy: 1 },
  }),
}

export interface OperationDraw {
  readonly command: StringCommand
  readonly argument: string
}

/** @param unique a short text that no other operation of the run gets: values tell which write they are of. */
export function drawOperation(
  random: Random,
  key: { readonly kind: KeyKind; readonly mayWrite: boolean },
  options: { readonly readShare: number; readonly valueBytesMax: number; readonly unique: string },
): OperationDraw {
  const { kind } = key
  const isRead = random.float() < options.readShare || !key.mayWrite
  const table = isRead ? reads[kind] : writes[kind]
  const command = table[random.below(table.length)]!
  return { command, argument: drawArgument(random, kind, command, options) }
}

function drawArgument(
  random: Random,
  kind: KeyKind,
  command: StringCommand,
  options: { readonly valueBytesMax: number; readonly unique: string },
): string {
  switch (command) {
    case 'incrBy':
    case 'decrBy':
      return String(random.below(2000) - 1000)
    case 'getRange':
      return `${random.below(20)} ${random.below(40)}`
    case 'setRange':
      return `${random.below(12)} ${options.unique}`
    case 'append':
      return `${options.unique};`
    default: {
      const numeric = kind === 'counter' || (kind === 'mixed' && random.below(2) === 0)
      if (numeric) return String(random.below(1_000_000))
      const fill = options.valueBytesMax > 0 && random.below(8) === 0 ? random.below(options.valueBytesMax) : 0
      return options.unique.padEnd(fill, '.')
    }
  }
}
