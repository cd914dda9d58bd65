import { latin1Bytes } from '#kernel/base/bytes.ts'
import { bucket, check, committedCorpus, type FuzzTarget } from '#kernel/base/testing/fuzz/index.ts'
import { globMatches } from './glob.ts'

/** An element of a pattern: undefined for `*`, else which bytes it matches. */
type Element = undefined | ((byte: number) => boolean)

/** The grammar, read once, where `globMatches` reads it anew for each byte. */
function elementsOf(pattern: Uint8Array): Element[] {
  const elements: Element[] = []
  for (let at = 0; at < pattern.length; at++) {
    const character = String.fromCharCode(pattern[at]!)
    if (character === '*') elements.push(undefined)
    else if (character === '?') elements.push(() => true)
    else if (character === '[') {
      const { matches, end } = classAt(pattern, at + 1)
      elements.push(matches)
      at = end
    } else {
      if (character === '\\' && at + 1 < pattern.length) at++
      const literal = pattern[at]
      elements.push((byte) => byte === literal)
    }
  }
  return elements
}

/** `end`: of the closing bracket, or of the pattern. */
function classAt(
  pattern: Uint8Array,
  start: number,
): { readonly matches: (byte: number) => boolean; readonly end: number } {
  const isInverted = pattern[start] === 0x5e
  const ranges: (readonly [number, number])[] = []
  let at = isInverted ? start + 1 : start
  for (; at < pattern.length && pattern[at] !== 0x5d; at++) {
    const byte = pattern[at]!
    if (byte === 0x5c && at + 1 < pattern.length) {
      at++
      ranges.push([pattern[at]!, pattern[at]!])
    } else if (pattern[at + 1] === 0x2d && at + 2 < pattern.length) {
      const other = pattern[at + 2]!
      ranges.push([Math.min(byte, other), Math.max(byte, other)])
      at += 2
    } else ranges.push([byte, byte])
  }
  return { matches: (byte) => ranges.some(([low, high]) => byte >= low && byte <= high) !== isInverted, end: at }
}

/** By all ways at once: which beginnings of the text the beginnings of the pattern match. */
function matchesSlowly(elements: readonly Element[], text: Uint8Array): boolean {
  let reached = new Array<boolean>(text.length + 1).fill(false)
  reached[0] = true
  for (const element of elements) {
    const next = new Array<boolean>(text.length + 1).fill(false)
    for (let i = 0; i <= text.length; i++) {
      if (element === undefined) next[i] = reached[i]! || (i > 0 && next[i - 1]!)
      else next[i] = i > 0 && reached[i - 1]! && element(text[i - 1]!)
    }
    reached = next
  }
  return reached[text.length]!
}

const examples = [
  'a*c\0abc',
  'h[ae-g]llo\0hello',
  '[^a-c]?\\*\0xy*',
  '*a*b*\0xaxbx',
  '[\0[',
  'user:*:[0-9]\0user:1:5',
  '\\\0\\',
]

const target: FuzzTarget = {
  name: 'redis-globs',
  family: 'redis values',
  refusals: [],
  inputBytesMax: 120,
  dictionary: ['*', '?', '[', ']', '[^', '\\', '-', '**', '[a-z]', '\0'],
  corpus: () => [...examples.map(latin1Bytes), ...committedCorpus(import.meta.dirname, 'redis-globs')],
  run(input) {
    const at = input.indexOf(0)
    const end = at < 0 ? input.length : at
    const pattern = input.subarray(0, end)
    const found = globMatches(pattern, input, Math.min(end + 1, input.length), input.length)
    const elements = elementsOf(pattern)
    check(found === matchesSlowly(elements, input.subarray(end + 1)), 'a pattern matches what it says')
    return `${found} ${bucket(elements.length)} ${elements.includes(undefined)}`
  },
}

export const targets = [target]
