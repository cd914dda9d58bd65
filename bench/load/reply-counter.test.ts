import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReplyCounter } from './reply-counter.ts'

test('replies are counted, however the stream is cut', () => {
  const stream = Buffer.from('+OK\r\n$3\r\n\r\n-\r\n-ERR no\r\n$-1\r\n:-12\r\n_\r\n$0\r\n\r\n+OK\r\n')
  const expected = [false, false, true, false, false, false, false, false]
  for (let size = 1; size <= stream.length; size++) {
    const seen: boolean[] = []
    const counter = new ReplyCounter((isError) => seen.push(isError))
    for (let at = 0; at < stream.length; at += size) counter.add(stream.subarray(at, at + size))
    assert.deepEqual(seen, expected, `in pieces of ${size}`)
  }
})
