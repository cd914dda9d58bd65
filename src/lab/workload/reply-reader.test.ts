import { deepEqual, throws } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { latin1Bytes } from '#kernel/base/bytes.ts'
import { ReplyError, ReplyReader } from './reply-reader.ts'

const wire =
  '+OK\r\n-ERR no\r\n:-5\r\n$5\r\nhe\r\no\r\n$0\r\n\r\n$-1\r\n_\r\n*2\r\n$1\r\na\r\n*1\r\n:1\r\n*-1\r\n%1\r\n+k\r\n#t\r\n=7\r\ntxt:abc\r\n'
const replies = [
  '+OK',
  '-ERR no',
  ':-5',
  '$he\r\no',
  '$',
  '_',
  '_',
  '*["$a","*[\\":1\\"]"]',
  '_',
  '*["+k","#t"]',
  '$txt:abc',
]

function read(chunks: readonly string[]): string[] {
  const result: string[] = []
  const reader = new ReplyReader((reply) => result.push(reply))
  for (const chunk of chunks) reader.push(latin1Bytes(chunk))
  return result
}

test('reads every kind of reply', () => deepEqual(read([wire]), replies))

test('reads them from chunks of any size', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(wire.length)), (cuts) => {
      const ends = [...cuts, wire.length].sort((a, b) => a - b)
      deepEqual(read(ends.map((end, i) => wire.slice(i === 0 ? 0 : ends[i - 1], end))), replies)
    }),
  )
  deepEqual(read([...wire]), replies)
})

test('takes a line of the greatest length, and none that is longer, however it comes', () => {
  const longest = `+${'x'.repeat(65_535)}`
  deepEqual(read([`${longest}\r\n`]), read([longest, '\r', '\n']))
  for (const chunks of [[`${longest}x\r\n`], [`${longest}x`, '\r\n'], [longest, 'xy']])
    throws(() => read(chunks), ReplyError)
})

test('refuses what is no reply', () => {
  for (const bytes of [
    '?\r\n',
    '$abc\r\n',
    '$1\r\nxyz',
    '*99999999999\r\n',
    '*1\r\n'.repeat(9),
    `+${'x'.repeat(70_000)}`,
  ])
    throws(() => read([bytes]), ReplyError)
})
