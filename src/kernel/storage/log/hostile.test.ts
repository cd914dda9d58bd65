import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { crc32c } from '#kernel/base/crc32c.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { Random } from '#kernel/base/host.ts'
import { createRandom } from '#kernel/base/random.ts'
import { batchHeaderBytes, encodeBatchHeader, encodeSegmentHeader, segmentFileName, segmentSalt } from './format.ts'
import { noFloors, Replay } from './replay.ts'
import { MemoryDisk } from './testing/memory-disk.ts'
import { entry, ScriptedLog } from './testing/scripted-log.ts'

const identity = 12_345

/** Opens whatever the files are; a log that opens must also take records. */
async function open(files: Map<string, Uint8Array>): Promise<'opened' | 'refused'> {
  const script = new ScriptedLog(new MemoryDisk(files))
  try {
    await script.open()
  } catch (error) {
    assert.ok(error instanceof UnumError, `${error instanceof Error ? error.stack : error}`)
    return 'refused'
  }
  await script.batch((log) => log.appendEntries(77_777, [entry(1)]))
  await script.log.close()
  return 'opened'
}

/** A segment with valid headers and checksums around bodies that are anything. */
function segment(id: number, firstBatch: number, bodies: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter()
  writer.raw(encodeSegmentHeader({ identity, id, firstBatch, born: 0 }))
  let number = firstBatch
  for (const body of bodies) {
    const bytes = new Uint8Array(Math.ceil((batchHeaderBytes + body.length) / 512) * 512)
    const bodyChecksum = crc32c(body, 0, body.length, segmentSalt(id))
    const header = { identity, number: number++, born: 0, bodyBytes: body.length, bodyChecksum }
    encodeBatchHeader(new DataView(bytes.buffer), header, segmentSalt(id))
    bytes.set(body, batchHeaderBytes)
    writer.raw(bytes)
  }
  return writer.copy()
}

/** Records whose structure is right, with numbers that make little sense; now and then bytes that are none. */
function body(random: Random): Uint8Array {
  const writer = new ByteWriter()
  const number = () => writer.varint(random.below(20) === 0 ? random.uint32() * 2 ** random.below(21) : random.below(6))
  const numbers = (count: number) => {
    for (let i = 0; i < count; i++) number()
  }
  const description = () => {
    numbers(2)
    writer.uint8(random.below(2))
    numbers(5)
    writer.block(random.bytes(random.below(5)))
  }
  for (let left = random.below(8); left >= 0; left--) {
    const kind = 1 + random.below(7)
    writer.uint8(kind)
    if (kind <= 5) numbers(2)
    if (kind === 1) {
      number()
      const count = random.below(4)
      writer.varint(count)
      for (let i = 0; i < count; i++) {
        number()
        writer.uint8(random.below(256))
        writer.block(random.bytes(random.below(20)))
      }
    }
    if (kind === 2 || kind === 3) numbers(2)
    if (kind === 3) writer.uint8(random.below(3))
    if (kind === 4) writer.block(random.bytes(random.below(20)))
    if (kind === 6) {
      number()
      const count = random.below(4)
      writer.varint(count)
      for (let i = 0; i < count; i++) {
        number()
        writer.uint8(random.below(2))
        number()
      }
    }
    if (kind === 7) {
      number()
      const removed = random.below(3)
      writer.varint(removed)
      numbers(removed * 2)
      const live = random.below(3)
      writer.varint(live)
      for (let i = 0; i < live; i++) description()
    }
  }
  if (random.below(10) === 0) writer.raw(random.bytes(1 + random.below(8)))
  return writer.copy()
}

suite('hostile files', () => {
  test('of random bytes are refused', async () => {
    for (let seed = 0; seed < 200; seed++) {
      const random = createRandom(seed)
      const files = new Map<string, Uint8Array>()
      for (let id = 1; id <= 1 + random.below(3); id++) {
        files.set(`log/${segmentFileName(id, 'log')}`, random.bytes(513 + random.below(20_000)))
      }
      assert.equal(await open(files), 'refused')
    }
  })

  test('with valid checksums around random records are opened or refused', async () => {
    const outcomes = { opened: 0, refused: 0 }
    for (let seed = 0; seed < 1500; seed++) {
      const random = createRandom(seed)
      const files = new Map<string, Uint8Array>()
      let number = 1 + random.below(3)
      for (let id = 1; id <= 1 + random.below(2); id++) {
        const bodies = Array.from({ length: 1 + random.below(3) }, () => body(random))
        files.set(`log/${segmentFileName(id, 'log')}`, segment(id, number, bodies))
        number += bodies.length + (random.below(5) === 0 ? 1 : 0)
      }
      outcomes[await open(files)]++
    }
    assert.ok(outcomes.opened > 50 && outcomes.refused > 50, JSON.stringify(outcomes))
  })

  test('with entries beyond the largest number are refused', () => {
    const writer = new ByteWriter()
    // Of two entries one is there: counting past the largest number ends there.
    for (const number of [1, 5, 1, 2 ** 53 - 1, 2, 1, 0, 0]) writer.varint(number)
    assert.throws(() => new Replay(noFloors).apply(1, writer.copy()), /2 entries from 9007199254740991 on: beyond/)
  })

  test('with a header that promises more than there is are cut', async () => {
    const bytes = segment(1, 1, [new Uint8Array(10)])
    const header = { identity, number: 1, born: 0, bodyBytes: 0xffff_ffff, bodyChecksum: 0 }
    encodeBatchHeader(new DataView(bytes.buffer, bytes.byteOffset + 512), header, segmentSalt(1))
    assert.equal(await open(new Map([[`log/${segmentFileName(1, 'log')}`, bytes]])), 'opened')
  })
})
