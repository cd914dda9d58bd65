import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import type { Random } from '#kernel/base/host.ts'
import { createRandom } from '#kernel/base/random.ts'
import { BatchEncoder } from './batch-encoder.ts'
import { GroupState } from './group-state.ts'
import { openNodeLog } from './node-log.ts'
import { MemoryDisk, noClock } from './testing/memory-disk.ts'
import { entry } from './testing/scripted-log.ts'

const path = 'log/0000000000000001.log'

/** The file in the example of docs/formats/node-log.md. */
function documentedFile(): Uint8Array {
  const document = readFileSync(join(import.meta.dirname, '../../../../docs/formats/node-log.md'), 'utf8')
  const bytes = new Uint8Array(4096)
  for (const [, at, values] of document.matchAll(/^([0-9a-f]{8}): ((?:[0-9a-f]{2} ?){16})$/gm)) {
    bytes.set(Buffer.from(values!.replaceAll(' ', ''), 'hex'), Number.parseInt(at!, 16))
  }
  return bytes
}

const events = { synced: () => undefined, full: () => assert.fail(), failed: (error: Error) => assert.fail(error) }
const hello = { ...entry(1, 'hello'), term: 2 }

suite('the documented example', () => {
  test('is what the log writes', async () => {
    const disk = new MemoryDisk()
    const random: Random = { ...createRandom(1), uint32: () => 0x3344_5565, below: () => 0x1122 }
    const log = await openNodeLog({ disk, clock: noClock, random, directory: 'log', segmentBytes: 1 << 20, events })
    log.appendHardState(5, { term: 2, vote: 1 })
    log.appendEntries(5, [hello])
    log.flush()
    while (log.syncedBatch < 1) await undefined
    log.appendHardState(6, { term: 1, vote: 0 })
    log.flush()
    await log.close()
    assert.deepEqual(disk.files.get(path), documentedFile())
  })

  test('is what the log reads', async () => {
    const disk = new MemoryDisk([[path, documentedFile()]])
    const log = await openNodeLog({
      disk,
      clock: noClock,
      random: createRandom(1),
      directory: 'log',
      segmentBytes: 1 << 20,
      events,
    })
    const none = { boundary: { index: 0, term: 0 }, configuration: new Uint8Array(0), damaged: false }
    assert.deepEqual(
      [...log.recovered.values()],
      [
        { ...none, id: 5, hardState: { term: 2, vote: 1 }, entries: [hello] },
        { ...none, id: 6, hardState: { term: 1, vote: 0 }, entries: [] },
      ],
    )
  })
})

test('large data is written from where it lies', () => {
  const encoder = new BatchEncoder()
  const large = new Uint8Array(5000).fill(1)
  const group = new GroupState(1, 1)
  encoder.entries(group, [entry(1), entry(2, large), entry(3, large), entry(4)], 0, 4)
  const chunks: Uint8Array[] = []
  const bytes = encoder.finish(chunks, 512, 0, { identity: 1, number: 1, born: 1 })
  assert.equal(chunks.filter((chunk) => chunk === large).length, 2)
  assert.equal(bytes, encoder.bytes)
  const written = chunks.reduce((sum, { length }) => sum + length, 512)
  assert.equal(written % 4096, 0)
})
