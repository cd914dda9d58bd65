import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { divideToNearest, doublePrecision } from './binary-float.ts'
import { formatDouble, parseDouble } from './double.ts'
import { addLongDoubles, formatLongDouble, parseLongDouble } from './long-double.ts'
import { readNumberText, toBinaryFloat } from './number-text.ts'

/** Texts and what `strtod` and `printf("%.17g")` of glibc make of them. */
const doubles: readonly (readonly [text: string, printed: string | undefined])[] = [
  ['1.1', '1.1000000000000001'],
  ['-0', '-0'],
  ['+7', '7'],
  ['1e17', '1e+17'],
  ['1e16', '10000000000000000'],
  ['123456789012345678', '1.2345678901234568e+17'],
  ['1000000000000000.25', '1000000000000000.2'],
  ['1000000000000000.75', '1000000000000000.8'],
  ['1e-5', '1.0000000000000001e-05'],
  ['0.0001', '0.0001'],
  ['5e-324', '4.9406564584124654e-324'],
  ['1.7976931348623157e308', '1.7976931348623157e+308'],
  ['inf', 'inf'],
  ['-Infinity', '-inf'],
  ['.5', '0.5'],
  ['5.', '5'],
  ['0x10', '16'],
  ['-0X1.8p1', '-3'],
  ['0x.1', '0.0625'],
  ['0x1p-1074', '4.9406564584124654e-324'],
  ['0x1p-1075', undefined],
  ['0x1.8p-1074', '9.8813129168249309e-324'],
  ['0x1p1024', undefined],
  ['0x20000000000001', '9007199254740992'],
  ['0x20000000000003', '9007199254740996'],
  ['1e400', undefined],
  ['1e-400', undefined],
  ['0e-400', '0'],
  ['1e99999999999999999999999', undefined],
  ['nan', undefined],
  ['', undefined],
  [' 1', undefined],
  ['1 ', undefined],
  ['1e', undefined],
  ['0x', undefined],
  ['1.2.3', undefined],
  ['infi', undefined],
  ['.', undefined],
]

test('doubles are read and printed as C does', () => {
  for (const [text, printed] of doubles) {
    const value = parseDouble(text)
    assert.equal(value === undefined ? undefined : formatDouble(value), printed, text)
  }
})

test('17 digits always read back as the same double', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (value) => {
      assert.ok(Object.is(parseDouble(formatDouble(value)), value))
    }),
    { numRuns: 2000 },
  )
})

/** `printf("%.17g")` by exact arithmetic: the slow way, by the definition. */
function printed(value: number): string {
  const scratch = new DataView(new ArrayBuffer(8))
  scratch.setFloat64(0, Math.abs(value))
  const bits = scratch.getBigUint64(0)
  const field = Number(bits >> 52n)
  const mantissa = (bits & 0xf_ffff_ffff_ffffn) | (field === 0 ? 0n : 1n << 52n)
  const power = Math.max(field, 1) - 1075
  const numerator = power >= 0 ? mantissa << BigInt(power) : mantissa
  const denominator = power >= 0 ? 1n : 1n << BigInt(-power)
  const isAtLeast = (exponent: number) =>
    numerator * 10n ** BigInt(Math.max(0, -exponent)) >= denominator * 10n ** BigInt(Math.max(0, exponent))
  let exponent = -324
  for (let step = 512; step >= 1; step /= 2) if (isAtLeast(exponent + step)) exponent += step
  const shift = 16 - exponent
  let digits = divideToNearest(
    numerator * 10n ** BigInt(Math.max(0, shift)),
    denominator * 10n ** BigInt(Math.max(0, -shift)),
  ).toString()
  if (digits.length > 17) {
    digits = digits.slice(0, 17)
    exponent++
  }
  const sign = value < 0 ? '-' : ''
  const plain = exponent >= -4 && exponent < 17
  const zeros = plain && exponent < 0 ? '0'.repeat(-exponent) : ''
  const whole = plain && exponent > 0 ? exponent + 1 : 1
  const all = zeros + digits
  const decimal = `${all.slice(0, whole)}.${all.slice(whole)}`.replace(/\.?0*$/, '')
  if (plain) return sign + decimal
  return `${sign}${decimal}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

test('doubles are printed as their exact values say', () => {
  const halves = fc
    .integer({ min: -(2 ** 31), max: 2 ** 31 })
    .chain((n) => fc.integer({ min: 0, max: 40 }).map((m) => n / 2 ** m))
  const ties = fc.integer({ min: 0, max: 2 ** 20 }).map((n) => 1e15 + n / 8)
  const any = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    halves,
    ties,
    fc.double({ noNaN: true, min: 1e-6, max: 1e18 }),
  )
  fc.assert(
    fc.property(any, (value) => {
      if (value !== 0) assert.equal(formatDouble(value), printed(value))
    }),
    { numRuns: 3000 },
  )
})

test('exact rounding agrees with the engine on decimal texts', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 25n }), fc.integer({ min: -340, max: 310 }), (digits, exponent) => {
      const text = `${digits}e${exponent}`
      const binary = toBinaryFloat(readNumberText(text)!, doublePrecision)
      const expected = Number(text)
      if (binary.infinite) assert.equal(expected, Number.POSITIVE_INFINITY)
      else if (expected === 0) assert.equal(binary.mantissa, 0n)
      else {
        assert.equal(
          Number(binary.mantissa),
          expected / 2 ** Math.max(binary.exponent, -1000) / 2 ** Math.min(0, binary.exponent + 1000),
        )
      }
    }),
    { numRuns: 2000 },
  )
})

/** Sums that redis-server 7.0.15 on x86-64 answered to INCRBYFLOAT. */
const sums: readonly (readonly [a: string, b: string, sum: string | undefined])[] = [
  ['0.1', '0.2', '0.3'],
  ['1.1', '0.2', '1.3'],
  ['3.0e3', '1e-20', '3000'],
  ['0', '1e30', '1000000000000000000024696061952'],
  ['0', '1e-18', '0'],
  ['-0', '-0', '0'],
  ['5.0e3', '2.0e2', '5200'],
  ['10.50', '0.1', '10.6'],
  ['1', '-1.00000000000000001', '-0.00000000000000001'],
  ['0', '-1e-17', '-0.00000000000000001'],
  ['inf', '1', undefined],
  ['0', '0x10', '16'],
]

test('long doubles are added as in 80 bits', () => {
  for (const [a, b, sum] of sums) {
    const total = addLongDoubles(parseLongDouble(a)!, parseLongDouble(b)!)
    assert.equal(total && formatLongDouble(total), sum, `${a} + ${b}`)
  }
  for (const text of ['', 'x', ' 1', '1 ', 'nan', '1e5000', '1e-5000', '1'.repeat(5 * 1024)]) {
    assert.equal(parseLongDouble(text), undefined, text)
  }
})
