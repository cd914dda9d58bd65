import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ReplyReader } from './reply.ts'

const read = (...chunks: readonly string[]) => {
  const reader = new ReplyReader()
  return chunks.flatMap((chunk) => reader.add(Buffer.from(chunk, 'latin1')))
}
const refusal = /not in the Redis protocol/

suite('a reply', () => {
  test('of lists within lists is taken to a depth that no command comes near, and no further', () => {
    assert.equal(read(`${'*1\r\n'.repeat(32)}:1\r\n`).length, 1)
    assert.throws(() => read(`${'*1\r\n'.repeat(33)}:1\r\n`), refusal)
    assert.throws(() => read('*1\r\n'.repeat(100_000)), refusal)
  })

  test('whose line does not end is refused, however it comes', () => {
    const longest = `+${'x'.repeat(65_535)}`
    assert.equal(read(`${longest}\r\n`).length, 1)
    assert.equal(read(longest, '\r', '\n').length, 1)
    for (const chunks of [[`${longest}x\r\n`], [`${longest}x`, '\r\n'], [longest, 'x', 'y']])
      assert.throws(() => read(...chunks), refusal)
  })

  test('with a string that is larger than any, or that does not end where it says, is refused', () => {
    assert.throws(() => read('$99999999999\r\n'), refusal)
    assert.throws(() => read('$3\r\nabcd\r\n'), refusal)
    assert.throws(() => read('$3\r\nab', 'c\rx'), refusal)
  })

  test('in very many chunks is read in time that goes with its length', () => {
    const reader = new ReplyReader()
    const [count, chunk] = [4000, Buffer.alloc(4096, 'v')]
    const startedMs = performance.now()
    reader.add(Buffer.from(`$${count * chunk.length}\r\n`))
    for (let i = 0; i < count; i++) assert.deepEqual(reader.add(chunk), [])
    const [reply] = reader.add(Buffer.from('\r\n'))
    assert.equal(reply?.kind === 'bulk' && reply.bytes.length, count * chunk.length)
    // Copying all of it for each chunk would be 32 GB.
    assert.ok(performance.now() - startedMs < 2000)
  })
})
