import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import { bucket, check, committedCorpus, type FuzzTarget } from '#kernel/base/testing/fuzz/index.ts'
import { formatDouble, parseDouble, readWholeDouble } from './floats/double.ts'
import { addLongDoubles, formatLongDouble, parseLongDouble } from './floats/long-double.ts'
import { addInt64, parseInt64 } from './numbers.ts'

const int64 = /^(?:0|-?[1-9]\d{0,18})$/
const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

function checkInteger(text: string, bytes: Uint8Array): number | bigint | undefined {
  const found = parseInt64(bytes, 0, bytes.length)
  const exact = int64.test(text) ? BigInt(text) : undefined
  const wanted = exact !== undefined && BigInt.asIntN(64, exact) === exact ? exact : undefined
  check((found === undefined ? undefined : BigInt(found)) === wanted, 'an integer is what its digits say, or none')
  if (found === undefined) return undefined
  const sum = addInt64(found, found)
  check((sum === undefined ? undefined : BigInt(sum)) === fitting(wanted! * 2n), 'a sum is exact, or none')
  return found
}

const fitting = (value: bigint) => (BigInt.asIntN(64, value) === value ? value : undefined)

function checkDouble(text: string): number | undefined {
  const found = parseDouble(text)
  if (decimal.test(text)) {
    const value = Number(text)
    const isOut = !Number.isFinite(value) || (value === 0 && /[1-9]/.test(text.split(/e/i)[0]!))
    check(Object.is(found, isOut ? undefined : value), 'a decimal number is the nearest double')
  }
  readWholeDouble(text)
  if (found === undefined) return undefined
  check(!Number.isNaN(found), 'no text is "not a number"')
  check(Object.is(parseDouble(formatDouble(found)), found), 'what is printed is read as the same')
  return found
}

function checkLongDouble(text: string): boolean {
  const found = parseLongDouble(text)
  if (!found) return false
  const sum = addLongDoubles(found, found)
  if (!sum) return false
  const printed = formatLongDouble(sum)
  check(/^-?\d+(?:\.\d*[1-9])?$/.test(printed), 'a sum is printed in plain digits')
  const again = parseLongDouble(printed)
  check(again !== undefined && formatLongDouble(again) === printed, 'what is printed is read as the same')
  return true
}

const target: FuzzTarget = {
  name: 'redis-numbers',
  family: 'redis values',
  refusals: [],
  inputBytesMax: 400,
  dictionary: ['0x', 'p-1074', 'e308', 'inf', 'infinity', 'nan', '.', '+', '-', '9223372036854775807', '00', '1e-400'],
  corpus: () =>
    [
      ...['0', '-1', '9223372036854775807', '-9223372036854775808', '123456789012345', '1.5', '-.5e-3', '0x1.8p-1074'],
      ...[
        '1e17',
        '3.0',
        'inf',
        '-Infinity',
        '0.1',
        '1.7976931348623157e308',
        '4.9406564584124654e-324',
        '0x1fffffffffffff8',
      ],
    ]
      .map(latin1Bytes)
      .concat(committedCorpus(import.meta.dirname, 'redis-numbers')),
  run(input) {
    const text = latin1Text(input)
    const integer = checkInteger(text, input)
    const double = checkDouble(text)
    if (integer !== undefined) check(double === Number(integer), 'an integer is a double too')
    const isLong = checkLongDouble(text)
    return `${typeof integer} ${double === undefined ? '-' : bucket(Math.abs(double))} ${isLong}`
  },
}

export const targets = [target]
