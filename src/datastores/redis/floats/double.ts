import { doublePrecision } from './binary-float.ts'
import { readNumberText, toBinaryFloat } from './number-text.ts'

/**
 * Doubles as Redis 7.0 reads them (`strtod`) and prints them (`printf("%.17g")`).
 */

/** Most numbers: too few digits to be out of range. */
const plain = /^[+-]?\d{1,40}(?:\.\d{1,40})?$/

/**
 * The double that the whole of `text` (one character per byte) says; undefined where it is none: empty, with spaces,
 * not a number, or beyond what doubles hold (too large, or not 0 and nearer to 0 than all of them).
 */
export function parseDouble(text: string): number | undefined {
  if (plain.test(text)) return Number(text)
  if (text.length === 0 || isSpace(text.charCodeAt(0))) return undefined
  const read = readDouble(text, 0)
  if (!read || read.end !== text.length || read.outOfRange) return undefined
  return read.value
}

export interface ReadDouble {
  readonly value: number
  /** Index of the first character after the number. */
  readonly end: number
  /** `value` is an infinity or 0 that the text does not say. */
  readonly outOfRange: boolean
}

/** The double at `start`, after spaces; undefined where there is none. Out of range: an infinity, or 0. */
export function readDouble(text: string, start: number): ReadDouble | undefined {
  const number = readNumberText(text, start)
  if (!number) return undefined
  const { negative, infinite, digits, radix, exponent, end } = number
  let value: number
  if (infinite) value = Number.POSITIVE_INFINITY
  else if (radix === 10) value = Number(`${digits}e${exponent}`)
  else {
    const binary = toBinaryFloat(number, doublePrecision)
    value = binary.infinite ? Number.POSITIVE_INFINITY : scale(Number(binary.mantissa), binary.exponent)
  }
  const outOfRange =
    (value === Number.POSITIVE_INFINITY && !infinite) || (value === 0 && /[1-9a-f]/i.test(digits.replace(/^0x/, '')))
  return { value: negative ? -value : value, end, outOfRange }
}

/** Exact: in steps that stay within the doubles, since 2 ** -1074 times a mantissa and 2 ** 971 do not always. */
function scale(mantissa: number, exponent: number): number {
  return exponent < -1000 ? mantissa * 2 ** -1000 * 2 ** (exponent + 1000) : mantissa * 2 ** exponent
}

/**
 * As C code reads a string from `start` on that has to be a number and nothing else: after spaces, up to a NUL; nothing at all
 * is 0. Undefined where there is something else. Out of range as `readDouble`.
 */
export function readWholeDouble(text: string, start = 0): ReadDouble | undefined {
  const nul = text.indexOf('\0', start)
  const end = nul < 0 ? text.length : nul
  if (start >= end) return { value: 0, end, outOfRange: false }
  const read = readDouble(text, start)
  return read?.end === end ? read : undefined
}

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d)
}

const significantDigits = 17
/** A multiple of 2 ** -10 below 1e5 has at most 15 digits, which are then also the fewest that say it. */
const shortScale = 2 ** 10
const shortSizeMax = 1e5
/**
 * Below 1e-4 and from 1e17 on there is an exponent. In between, what lies halfway between two numbers of 17 digits has 18, the
 * last of them at most the 22nd after the point, and so at most 22 bits there.
 */
const pointSizeMin = 1e-4
const pointSizeMax = 1e17
const halfwayScale = 2 ** 22

/** As `printf("%.17g")` in the C locale: rounded to 17 digits, half to even; `inf`, `-inf`. Not for NaN. */
export function formatDouble(value: number): string {
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? '-0' : String(value)
  const size = Math.abs(value)
  if (size >= pointSizeMin && size < pointSizeMax) {
    if (size < shortSizeMax && Number.isInteger(value * shortScale)) return String(value)
    if (!Number.isInteger(value * halfwayScale)) return withoutZeros(value.toPrecision(significantDigits))
  }
  return Number.isFinite(value) ? formatAny(value) : value > 0 ? 'inf' : '-inf'
}

/** @param decimal with a point and without an exponent */
function withoutZeros(decimal: string): string {
  let end = decimal.length
  while (decimal.charCodeAt(end - 1) === 0x30) end--
  return decimal.slice(0, end)
}

function formatAny(value: number): string {
  const { digits, exponent } = roundedDigits(Math.abs(value))
  const sign = value < 0 ? '-' : ''
  const trimmed = digits.replace(/0+$/, '')
  if (exponent < -4 || exponent >= significantDigits) {
    const fraction = trimmed.length > 1 ? `.${trimmed.slice(1)}` : ''
    const exponentDigits = String(Math.abs(exponent)).padStart(2, '0')
    return `${sign}${trimmed[0]}${fraction}e${exponent < 0 ? '-' : '+'}${exponentDigits}`
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${trimmed}`
  const whole = trimmed.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  const rest = trimmed.slice(exponent + 1)
  return rest === '' ? sign + whole : `${sign}${whole}.${rest}`
}

/**
 * Digits enough to know a tie for certain: no double comes nearer than about 1e-37 (relative) to the middle between two
 * numbers of 17 digits without being it.
 */
const tieDigits = 60

/** 17 digits of a positive number: d.dddd * 10 ** exponent. `toExponential` rounds ties up, C to even. */
function roundedDigits(value: number): { readonly digits: string; readonly exponent: number } {
  const [rounded, exponent] = value.toExponential(significantDigits - 1).split('e') as [string, string]
  const digits = rounded.replace('.', '')
  if ((digits.charCodeAt(significantDigits - 1) & 1) === 1) {
    const [exact] = value.toExponential(tieDigits).split('e') as [string]
    const exactDigits = exact.replace('.', '')
    if (/^50*$/.test(exactDigits.slice(significantDigits))) {
      return { digits: exactDigits.slice(0, significantDigits), exponent: Number(exponent) }
    }
  }
  return { digits, exponent: Number(exponent) }
}
