import type { BinaryFloat } from './binary-float.ts'
import { divideToNearest, extendedPrecision, roundFraction } from './binary-float.ts'
import { readNumberText, toBinaryFloat } from './number-text.ts'

/**
 * The `long double` arithmetic of INCRBYFLOAT and HINCRBYFLOAT, to the last digit: `0.1` and `0.2` make `0.3`, since sums
 * are made with 64 bits and printed with 17 decimals.
 */

/** What Redis reads at most of a number (`MAX_LONG_DOUBLE_CHARS`): longer texts are none. */
const textLengthMax = 5 * 1024 - 1

/** The number that the whole of `text` (one character per byte) says; undefined where it is none, as for doubles. */
export function parseLongDouble(text: string): BinaryFloat | undefined {
  if (text.length === 0 || text.length > textLengthMax || /^[ \t-\r]/.test(text)) return undefined
  const number = readNumberText(text)
  if (!number || number.end !== text.length) return undefined
  const value = toBinaryFloat(number, extendedPrecision)
  if (value.infinite && !number.infinite) return undefined
  if (value.mantissa === 0n && !number.infinite && BigInt(number.digits) !== 0n) return undefined
  return value
}

/** The sum, rounded to 64 bits; undefined where it is infinite or not a number. */
export function addLongDoubles(a: BinaryFloat, b: BinaryFloat): BinaryFloat | undefined {
  if (a.infinite || b.infinite) return undefined
  const exponent = Math.min(a.exponent, b.exponent)
  const sum = aligned(a, exponent) + aligned(b, exponent)
  const negative = sum < 0n
  const rounded = roundFraction(
    { negative, numerator: negative ? -sum : sum, denominator: 1n, exponent },
    extendedPrecision,
  )
  return rounded.infinite ? undefined : rounded
}

function aligned(value: BinaryFloat, exponent: number): bigint {
  const mantissa = value.mantissa << BigInt(value.exponent - exponent)
  return value.negative ? -mantissa : mantissa
}

const decimals = 17

/** As `printf("%.17Lf")` without the zeros at its end: what the commands store and answer. */
export function formatLongDouble(value: BinaryFloat): string {
  const scaled = value.mantissa * 10n ** BigInt(decimals)
  const units =
    value.exponent >= 0 ? scaled << BigInt(value.exponent) : divideToNearest(scaled, 1n << BigInt(-value.exponent))
  if (units === 0n) return '0'
  const digits = units.toString().padStart(decimals + 1, '0')
  const whole = digits.slice(0, -decimals)
  const fraction = digits.slice(-decimals).replace(/0+$/, '')
  return `${value.negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
}
