import type { Arguments } from '#kernel/base/arguments.ts'
import { errors, fail } from './errors.ts'
import { int64Argument, integerArgument, parseInt64 } from './numbers.ts'

/** Arguments that count something, each with its bounds and its error as Redis 7.0 has them. */

const int64Min = -(2n ** 63n)

/**
 * A count whose sign means something: any int64 that has a positive counterpart; beyond the safe integers the nearest one.
 * @throws CommandError
 */
export function signedCountArgument(args: Arguments, i: number): number {
  if (int64Argument(args, i) === int64Min) {
    throw fail('ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807')
  }
  return integerArgument(args, i)
}

/** 0 or more. @throws CommandError with `text`, also where it is no integer */
export function countArgument(args: Arguments, i: number, text: string = errors.mustBePositive): number {
  const count = integerArgument(args, i, text)
  if (count < 0) throw fail(text)
  return count
}

/** 1 or more. @throws CommandError with `text`, also where it is no integer */
export function positiveArgument(args: Arguments, i: number, text: string): number {
  const count = integerArgument(args, i, text)
  if (count < 1) throw fail(text)
  return count
}

/**
 * How many members a command with a negative count answers at most: Redis answers any number, up to the death of the
 * process.
 */
export const drawsMax = 1_048_576

/** The count of HRANDFIELD, SRANDMEMBER and ZRANDMEMBER; negative: with repeats. @throws CommandError */
export function drawCountArgument(args: Arguments, i: number): number {
  const count = signedCountArgument(args, i)
  if (count < -drawsMax) throw fail(errors.outOfRange)
  return count
}

export interface DrawRequest {
  readonly count: number
  readonly withValues: boolean
}

const int64Half = 2n ** 62n - 1n

/** `count [word]` from argument 2 on, of HRANDFIELD and ZRANDMEMBER. @throws CommandError */
export function drawArguments(args: Arguments, word: string): DrawRequest {
  const count = drawCountArgument(args, 2)
  if (args.count === 3) return { count, withValues: false }
  if (args.count > 4 || !args.is(3, word)) throw fail(errors.syntax)
  if (int64Argument(args, 2) > int64Half) throw fail(errors.outOfRange)
  return { count, withValues: true }
}

/** Arguments `first` to `after` - 1: what a count before them says. */
export interface ArgumentRange {
  readonly first: number
  readonly after: number
}

/** The keys of LMPOP and ZMPOP: argument `i` counts them, and one more argument follows. @throws CommandError */
export function keysAfterCount(args: Arguments, i: number): ArgumentRange {
  const count = positiveArgument(args, i, 'ERR numkeys should be greater than 0')
  const after = i + 1 + count
  if (after >= args.count) throw fail(errors.syntax)
  return { first: i + 1, after }
}

/** `[COUNT count]` from argument `i` to the end; 1 where it is not given. @throws CommandError */
export function popCountOption(args: Arguments, i: number): number {
  if (i === args.count) return 1
  if (i + 1 === args.count || !args.is(i, 'COUNT')) throw fail(errors.syntax)
  const count = positiveArgument(args, i + 1, 'ERR count should be greater than 0')
  if (i + 2 < args.count) throw fail(errors.syntax)
  return count
}

/**
 * For `KeyPositions.also`: where the keys are that argument `i` counts; none where the count is none or larger than the
 * arguments, which the command refuses itself.
 */
export function countedKeys(i: number): (args: Arguments) => readonly number[] {
  return (args) => {
    const count = args.count > i ? parseInt64(args.bytes, args.start(i), args.end(i)) : undefined
    if (typeof count !== 'number' || count < 1 || count >= args.count - i) return []
    return Array.from({ length: count }, (_, k) => i + 1 + k)
  }
}
