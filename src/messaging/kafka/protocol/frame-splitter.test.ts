import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { concatBytes, latin1Bytes } from '#kernel/base/bytes.ts'
import { FrameSplitter } from './frame-splitter.ts'

function frame(...bytes: number[]): Uint8Array {
  const whole = new Uint8Array(4 + bytes.length)
  new DataView(whole.buffer).setInt32(0, bytes.length)
  whole.set(bytes, 4)
  return whole
}

/** Frames of a stream that comes in these chunks, each of which is used again by the host. */
function split(splitter: FrameSplitter, chunks: readonly Uint8Array[]): number[][] {
  const frames: number[][] = []
  for (const chunk of chunks) {
    const lent = chunk.slice()
    splitter.feed(lent)
    while (splitter.next() === 'frame') frames.push([...splitter.bytes.subarray(splitter.start, splitter.end)])
    lent.fill(0xee)
  }
  return frames
}

const frames = [[], [1], [2, 3, 4], Array.from({ length: 300 }, (_, i) => i & 0xff), [], [9, 9]]
const stream = concatBytes(frames.map((bytes) => frame(...bytes)))

suite('a stream of frames', () => {
  test('is cut the same however it comes', () => {
    assert.deepEqual(split(new FrameSplitter(), [stream]), frames)
    assert.deepEqual(
      split(
        new FrameSplitter(),
        Array.from(stream, (byte) => Uint8Array.of(byte)),
      ),
      frames,
    )
    for (let at = 0; at <= stream.length; at++) {
      assert.deepEqual(split(new FrameSplitter(), [stream.slice(0, at), stream.slice(at)]), frames, `cut at ${at}`)
    }
  })

  test('is not copied where a frame is whole; else it is put together in memory that is its own', () => {
    const splitter = new FrameSplitter()
    splitter.feed(stream)
    while (splitter.next() === 'frame') {
      assert.equal(splitter.bytes, stream)
      assert.ok(!splitter.isOwned)
    }
    const kept: boolean[] = []
    const two = new FrameSplitter()
    for (const chunk of [frame(1, 2).slice(0, 5), concatBytes([frame(1, 2).slice(5), frame(3, 4)])]) {
      two.feed(chunk)
      while (two.next() === 'frame') kept.push(two.isOwned)
    }
    assert.deepEqual(kept, [true, false])
    assert.equal(two.heldBytes, 0)
  })

  test('may be left in the middle of a chunk, which is then not needed any more', () => {
    const splitter = new FrameSplitter()
    const chunk = concatBytes([frame(1), frame(2), frame(3, 3)]).slice(0, 14)
    splitter.feed(chunk)
    assert.equal(splitter.next(), 'frame')
    splitter.keepRest()
    chunk.fill(0xee)
    assert.equal(splitter.heldBytes, 9)
    assert.deepEqual(split(splitter, [Uint8Array.of(3, 3)]), [[2], [3, 3]])
  })
})

suite('a frame that is too long', () => {
  test('is refused by its first four bytes, and nothing after it is read', () => {
    const refuse = (...head: number[]) => {
      const splitter = new FrameSplitter(1000)
      splitter.feed(concatBytes([frame(1), Uint8Array.from(head), frame(2)]))
      assert.equal(splitter.next(), 'frame')
      assert.equal(splitter.next(), 'error')
      splitter.feed(frame(3))
      assert.equal(splitter.next(), 'error')
      assert.equal(splitter.heldBytes, 0)
      return splitter.problem
    }
    assert.match(refuse(0x7f, 0xff, 0xff, 0xff), /announces 2147483647 bytes: at most 1000$/)
    assert.match(refuse(0xff, 0xff, 0xff, 0xff), /announces -1 bytes/)
    assert.match(refuse(0, 0, 3, 0xe9), /announces 1001 bytes/)
    assert.match(refuse(0x16, 3, 1, 2), /TLS begins like that/)
    assert.match(refuse(...latin1Bytes('GET ')), /HTTP begins like that/)
  })

  test('as long as is allowed is taken, in memory that grows with what has come', () => {
    const splitter = new FrameSplitter(1 << 26)
    const head = new Uint8Array(4)
    new DataView(head.buffer).setInt32(0, 1 << 26)
    splitter.feed(head)
    assert.equal(splitter.next(), 'more')
    const chunk = new Uint8Array(1 << 16)
    for (let i = 1; i <= 1 << 10; i++) {
      splitter.feed(chunk)
      assert.equal(splitter.next(), i === 1 << 10 ? 'frame' : 'more')
      assert.ok(splitter.heldBytes <= Math.max(4 * i * chunk.length, chunk.length))
    }
    assert.ok(splitter.isOwned)
    assert.equal(splitter.end, 1 << 26)
    assert.equal(splitter.heldBytes, 0)
  })
})
