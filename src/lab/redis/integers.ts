import type { Outcome } from './command.ts'

const notAnInteger = '-ERR value is not an integer or out of range'
const canonicalInteger = /^(0|-?[1-9][0-9]{0,18})$/
const highest = 2n ** 63n - 1n
const lowest = -(2n ** 63n)

/** A signed 64-bit integer in the one spelling that Redis takes as a number; undefined for everything else. */
function integerOf(text: string): bigint | undefined {
  if (!canonicalInteger.test(text)) return undefined
  const value = BigInt(text)
  return value < lowest || value > highest ? undefined : value
}

/**
 * INCRBY (`sign` 1) and DECRBY (-1).
 * @param notNumber the error where the state is no integer.
 */
export function incremented(
  state: string | undefined,
  argument: string,
  sign: 1 | -1,
  notNumber: string = notAnInteger,
): Outcome<string | undefined> {
  const amount = integerOf(argument)
  if (amount === undefined) return { state, reply: notAnInteger }
  if (sign === -1 && amount === lowest) return { state, reply: '-ERR decrement would overflow' }
  const value = integerOf(state ?? '0')
  if (value === undefined) return { state, reply: notNumber }
  const result = value + (sign === 1 ? amount : -amount)
  if (result < lowest || result > highest) return { state, reply: '-ERR increment or decrement would overflow' }
  return { state: String(result), reply: `:${result}` }
}
