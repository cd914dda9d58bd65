import { assert } from '#kernel/base/errors.ts'
import type { BinaryFloat, Precision } from './binary-float.ts'
import { roundFraction } from './binary-float.ts'

/**
 * The grammar of C's `strtod` (ISO C 7.22.1.3) in the C locale, which is what Redis reads floats with. Redis never
 * accepts a NaN, so that here it is no number at all.
 */
const decimal = /[ \t-\r]*([+-]?)(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d+))?/y
const hexadecimal = /[ \t-\r]*([+-]?)0[xX]([\da-fA-F]+\.?[\da-fA-F]*|\.[\da-fA-F]+)(?:[pP]([+-]?\d+))?/y
const infinity = /[ \t-\r]*([+-]?)inf(?:inity)?/iy

/** The parts of a number at the start of a text: (-1)^negative * digits * radix^exponent, or an infinity. */
export interface NumberText {
  readonly negative: boolean
  readonly infinite: boolean
  /** Without a point; in the radix. */
  readonly digits: string
  readonly radix: 10 | 2
  readonly exponent: number
  /** Index of the first character after the number. */
  readonly end: number
}

/** Far beyond what any number of digits that fits into memory can make up for. */
const exponentBound = 1_000_000_000

/** Reads the number at `start`; undefined where there is none. */
export function readNumberText(text: string, start = 0): NumberText | undefined {
  const hex = matchAt(hexadecimal, text, start)
  if (hex) {
    const { digits, fraction } = withoutPoint(hex[2]!)
    const exponent = bounded(hex[3]) - fraction * 4
    return {
      negative: hex[1] === '-',
      infinite: false,
      digits: `0x${digits}`,
      radix: 2,
      exponent,
      end: hexadecimal.lastIndex,
    }
  }
  const dec = matchAt(decimal, text, start)
  if (dec) {
    const { digits, fraction } = withoutPoint(dec[2]!)
    const exponent = bounded(dec[3]) - fraction
    return { negative: dec[1] === '-', infinite: false, digits, radix: 10, exponent, end: decimal.lastIndex }
  }
  const inf = matchAt(infinity, text, start)
  if (!inf) return undefined
  return { negative: inf[1] === '-', infinite: true, digits: '0', radix: 10, exponent: 0, end: infinity.lastIndex }
}

function matchAt(pattern: RegExp, text: string, start: number): RegExpExecArray | null {
  pattern.lastIndex = start
  return pattern.exec(text)
}

function withoutPoint(digits: string): { readonly digits: string; readonly fraction: number } {
  const point = digits.indexOf('.')
  if (point < 0) return { digits, fraction: 0 }
  return { digits: digits.slice(0, point) + digits.slice(point + 1), fraction: digits.length - point - 1 }
}

function bounded(exponent: string | undefined): number {
  if (exponent === undefined) return 0
  return Math.max(-exponentBound, Math.min(exponentBound, Number(exponent)))
}

/** Powers of ten beyond it are beyond every precision in use, whatever up to `digitsMax` digits say. */
const powerBound = 40_000
const digitsMax = 20_000

/** The nearest number of `precision`. Decimal texts: up to 20,000 digits. */
export function toBinaryFloat(text: NumberText, precision: Precision): BinaryFloat {
  const { negative, infinite, exponent, radix } = text
  if (infinite) return { negative, infinite, mantissa: 0n, exponent: 0 }
  const digits = BigInt(text.digits)
  if (radix === 2) return roundFraction({ negative, numerator: digits, denominator: 1n, exponent }, precision)
  assert(text.digits.length <= digitsMax, 'a decimal text has bounded digits')
  const power = 10n ** BigInt(Math.min(powerBound, Math.abs(exponent)))
  return exponent >= 0
    ? roundFraction({ negative, numerator: digits * power, denominator: 1n, exponent: 0 }, precision)
    : roundFraction({ negative, numerator: digits, denominator: power, exponent: 0 }, precision)
}
