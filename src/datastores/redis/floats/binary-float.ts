/**
 * Binary floating point of a given precision, exactly, over big integers: for what doubles cannot do the way Redis does
 * it (hexadecimal input, and the 80-bit `long double` of INCRBYFLOAT and HINCRBYFLOAT). Not for hot paths.
 */

/** `mantissa * 2 ** exponent`, with `mantissa` 0 or more; or an infinity. */
export interface BinaryFloat {
  readonly negative: boolean
  readonly infinite: boolean
  readonly mantissa: bigint
  readonly exponent: number
}

export interface Precision {
  /** Bits of the mantissa. */
  readonly bits: number
  /** Exponent of the mantissa's last bit in the smallest number. */
  readonly exponentMin: number
  /** Exponent of the mantissa's last bit in the largest number. */
  readonly exponentMax: number
}

/** IEEE 754 binary64. */
export const doublePrecision: Precision = { bits: 53, exponentMin: -1074, exponentMax: 971 }
/** The x87 extended format: C's `long double` on the machines that Redis is commonly run on. */
export const extendedPrecision: Precision = { bits: 64, exponentMin: -16_445, exponentMax: 16_320 }

/** The nearest integer to `numerator / denominator`, both positive; ties to even. */
export function divideToNearest(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator
  const twice = (numerator % denominator) * 2n
  if (twice > denominator || (twice === denominator && (quotient & 1n) === 1n)) return quotient + 1n
  return quotient
}

/** The nearest number to `numerator / denominator * 2 ** exponent`; ties to even. Beyond the largest: infinite. */
export function roundFraction(
  fraction: {
    readonly negative: boolean
    readonly numerator: bigint
    readonly denominator: bigint
    readonly exponent: number
  },
  precision: Precision,
): BinaryFloat {
  const { negative, numerator, denominator, exponent } = fraction
  if (numerator === 0n) return { negative, infinite: false, mantissa: 0n, exponent: 0 }
  // With this shift the quotient has `bits` bits, or one more; then, as when rounding up carries, once more with one less.
  const quotientBits = bitLength(numerator) - bitLength(denominator)
  if (exponent + quotientBits < precision.exponentMin - 2)
    return { negative, infinite: false, mantissa: 0n, exponent: 0 }
  let last = exponent - (precision.bits - quotientBits)
  for (;;) {
    last = Math.max(last, precision.exponentMin)
    const scale = BigInt(exponent - last)
    const mantissa =
      scale >= 0n ? divideToNearest(numerator << scale, denominator) : divideToNearest(numerator, denominator << -scale)
    if (bitLength(mantissa) <= precision.bits) {
      return { negative, infinite: last > precision.exponentMax, mantissa, exponent: last }
    }
    last++
  }
}

function bitLength(value: bigint): number {
  if (value === 0n) return 0
  const hex = value.toString(16)
  return hex.length * 4 - (Math.clz32(Number.parseInt(hex[0]!, 16)) - 28)
}
