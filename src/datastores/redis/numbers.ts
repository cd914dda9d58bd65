import type { Arguments } from '#kernel/base/arguments.ts'
import { errors, fail } from './errors.ts'
import { parseDouble } from './floats/double.ts'

/**
 * Numbers in arguments and values, read as strictly as Redis does: no spaces, no plus sign, no leading zeros, int64.
 */

/** A number where it is safe, else a BigInt within int64; undefined where the bytes are no int64. */
export function parseInt64(bytes: Uint8Array, start: number, end: number): number | bigint | undefined {
  let at = start
  const negative = bytes[at] === 0x2d
  if (negative) at++
  const digits = end - at
  if (digits < 1 || digits > 19) return undefined
  const first = bytes[at]!
  if (first === 0x30) return digits === 1 && !negative ? 0 : undefined
  let value = 0
  if (digits > 15) return parseLong(bytes, at, end, negative)
  for (; at < end; at++) {
    const digit = bytes[at]! - 0x30
    if (digit < 0 || digit > 9) return undefined
    value = value * 10 + digit
  }
  return negative ? -value : value
}

function parseLong(bytes: Uint8Array, start: number, end: number, negative: boolean): number | bigint | undefined {
  let value = 0n
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - 0x30
    if (digit < 0 || digit > 9) return undefined
    value = value * 10n + BigInt(digit)
  }
  return narrow(negative ? -value : value)
}

/** An int64 as a number if it is a safe one; undefined beyond int64. */
export function narrow(value: bigint): number | bigint | undefined {
  if (value !== BigInt.asIntN(64, value)) return undefined
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** Argument i, exactly. @throws CommandError with `text` */
export function int64Argument(args: Arguments, i: number, text: string = errors.notAnInteger): number | bigint {
  const value = parseInt64(args.bytes, args.start(i), args.end(i))
  if (value === undefined) throw fail(text)
  return value
}

/**
 * Argument i where its size only matters up to the largest safe integer (positions, counts, times): what is beyond becomes
 * that. @throws CommandError with `text`
 */
export function integerArgument(args: Arguments, i: number, text: string = errors.notAnInteger): number {
  const value = int64Argument(args, i, text)
  if (typeof value === 'number') return value
  return value > 0n ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER
}

/** Argument i. @throws CommandError with `text` */
export function doubleArgument(args: Arguments, i: number, text: string = errors.notAFloat): number {
  const value = parseDouble(args.latin1(i))
  if (value === undefined) throw fail(text)
  return value
}

/** The sum of two int64 as a number if it is a safe one; undefined where it overflows. */
export function addInt64(a: number | bigint, b: number | bigint): number | bigint | undefined {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b
    if (Number.isSafeInteger(sum)) return sum
  }
  return narrow(BigInt(a) + BigInt(b))
}
