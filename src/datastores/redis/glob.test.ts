import assert from 'node:assert/strict'
import { test } from 'node:test'
import { latin1Bytes } from '#kernel/base/bytes.ts'
import { globMatches } from './glob.ts'

function matches(pattern: string, text: string): boolean {
  const bytes = latin1Bytes(`<${text}>`)
  return globMatches(latin1Bytes(pattern), bytes, 1, bytes.length - 1)
}

/** Pattern, texts that it matches, texts that it does not. */
const rows: readonly (readonly [pattern: string, matching: readonly string[], other: readonly string[]])[] = [
  ['', [''], ['a']],
  ['*', ['', 'a', 'a*b'], []],
  ['a*c', ['ac', 'abc', 'abcbc'], ['a', 'acb', 'bac']],
  ['*a*b*', ['ab', 'xaxbx'], ['ba', '']],
  ['h?llo', ['hello', 'h?llo'], ['hllo', 'heello']],
  ['h[ae]llo', ['hello', 'hallo'], ['hillo', 'hllo']],
  ['h[^e]llo', ['hallo', 'h^llo'], ['hello', 'hllo']],
  ['h[a-c]llo', ['hallo', 'hbllo', 'hcllo'], ['hdllo', 'h-llo']],
  ['h[c-a]llo', ['hallo', 'hbllo'], ['hdllo']],
  ['[a-]', ['a', ']', '_'], ['-', 'b']],
  ['[]]', [], ['', ']', 'a]']],
  ['[^]', ['a', ']'], ['']],
  ['[a\\]]', ['a', ']'], ['\\', 'a]']],
  ['[ab', ['a', 'b'], ['c', '[ab', 'ax']],
  ['\\*', ['*'], ['a', '\\*']],
  ['a\\', ['a\\'], ['a']],
  ['\\a\\?', ['a?'], ['ab']],
  ['*[', [], ['', 'a', '[']],
]

test('patterns match what Redis 7.0 matches', () => {
  for (const [pattern, matching, other] of rows) {
    for (const text of matching) assert.equal(matches(pattern, text), true, `${pattern} and ${text}`)
    for (const text of other) assert.equal(matches(pattern, text), false, `${pattern} and ${text}`)
  }
})

test('a pattern made to explode takes no longer than its size allows', () => {
  assert.equal(matches(`${'*a'.repeat(500)}b`, 'a'.repeat(5000)), false)
})
