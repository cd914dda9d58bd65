import type { Random } from '#kernel/base/host.ts'

/** Words for random commands: few, so that they meet, and with the awkward ones among them. */

export function oneOf<T>(random: Random, choices: readonly T[]): T {
  return choices[random.below(choices.length)]!
}

/** Between `min` and `max` words. */
export function several(random: Random, min: number, max: number, make: () => string): string[] {
  return Array.from({ length: min + random.below(max - min + 1) }, make)
}

/** Each option with its own probability of one in `odds`. */
export function options(random: Random, odds: number, ...choices: readonly (readonly string[])[]): string[] {
  return choices.flatMap((words) => (random.below(odds) === 0 ? anyCase(random, words) : []))
}

function anyCase(random: Random, words: readonly string[]): readonly string[] {
  return random.below(2) === 0 ? words : words.map((word, i) => (i === 0 ? word.toLowerCase() : word))
}

const members = ['a', 'b', 'c', 'd', 'e', 'aa', 'ab', '', '1', '2', '10', '-5', 'x'.repeat(20), '\xff\x00\r\n', 'é']

export function member(random: Random): string {
  return oneOf(random, members)
}

const numbers = ['0', '1', '2', '3', '5', '-1', '-2', '-3', '-100', '100']
const oddNumbers = ['9223372036854775807', '-9223372036854775808', '9223372036854775808', 'x', '', '1.0', '+1', '01']

/** An integer, now and then none. */
export function integerWord(random: Random): string {
  return random.below(25) === 0 ? oneOf(random, oddNumbers) : oneOf(random, numbers)
}

const floats = [
  '0',
  '1',
  '2',
  '3',
  '-1',
  '1.5',
  '-2.25',
  '0.1',
  '0.2',
  '1e3',
  '1e17',
  '123456789.125',
  '3.0',
  '5e-3',
  '0x10',
]
const oddFloats = ['inf', '-inf', '+inf', 'nan', '1e400', '-0', 'x', '', '1e-400', ' 1', '1e308']

export function globWord(random: Random): string {
  return oneOf(random, ['*', 'a*', '?', '[a-c]*', '[^a]', '', '*\\*', '[a-'])
}

/** A float, now and then an odd one or none. */
export function floatWord(random: Random): string {
  return random.below(12) === 0 ? oneOf(random, oddFloats) : oneOf(random, floats)
}
