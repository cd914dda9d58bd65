import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Simulation } from '#host/simulated/index.ts'
import type { Host } from '#kernel/base/host.ts'
import { baseOffsetAt, setBaseOffset } from './batch.ts'
import type { PartitionLog } from './partition-log.ts'
import { openPartitionLog, receivePartitionLog } from './partition-store.ts'
import { segmentName } from './segment.ts'
import { makeBatch, valuesOf } from './testing/batches.ts'

const home = 'groups/9'

class Scene {
  readonly simulation
  readonly machine
  failures: Error[] = []
  segmentBytes = 1 << 20

  constructor(seed = 1) {
    this.simulation = new Simulation({ seed })
    this.machine = this.simulation.machine('m')
  }

  settle<T>(promise: Promise<T>): Promise<T> {
    return this.simulation.complete(promise)
  }

  open(host: Host = this.machine.host): Promise<PartitionLog> {
    const { disk, clock } = host
    return this.settle(
      openPartitionLog(home, {
        ...{ disk, clock, segmentBytes: () => this.segmentBytes, full() {} },
        failed: (error) => this.failures.push(error),
      }),
    )
  }

  append(log: PartitionLog, count: number, records = 2): void {
    for (let i = 0; i < count; i++) {
      const offset = log.nextOffset
      const values = Array.from({ length: records }, (_, j) => `v${offset}.${j}`)
      const batch = makeBatch({ values, timestamp: 1000 + offset })
      setBaseOffset(batch, 0, offset)
      log.append(batch, 0, batch.length)
    }
    log.write()
  }

  /** All values from `offset` on. */
  async values(log: PartitionLog, offset = log.startOffset, bytesMax = 300): Promise<string[]> {
    const values: string[] = []
    for (let at = offset; at < log.nextOffset; ) {
      const parts = await this.settle(Promise.resolve(log.read(at, bytesMax)))
      assert.ok(parts.length > 0)
      const found = valuesOf(parts)
      values.push(...found)
      at = baseOffsetAt(parts[0]!, 0) + found.length
    }
    return values
  }
}

const expected = (from: number, to: number, records = 2) =>
  Array.from({ length: (to - from) / records }, (_, i) =>
    Array.from({ length: records }, (_, j) => `v${from + i * records}.${j}`),
  ).flat()

suite('the records of a partition', () => {
  test('leave the producers of other partitions, and those of the checkpoint, alone', async () => {
    const scene = new Scene()
    const log = await scene.open()
    const other = await scene.settle(
      openPartitionLog('groups/10', { ...scene.machine.host, segmentBytes: () => 1000, full() {}, failed() {} }),
    )
    const batch = makeBatch({ values: ['a'], producerId: 7, baseSequence: 0 })
    log.append(batch, 0, batch.length)
    assert.ok(log.producers.get(7))
    assert.equal(other.producers.get(7), undefined)
    await scene.settle(log.close())
    const reopened = await scene.open()
    assert.equal(reopened.producers.get(7), undefined, 'nothing was flushed')
  })

  test('are read from memory and from segments, from any offset on, in whole batches', async () => {
    const scene = new Scene()
    scene.segmentBytes = 600
    const log = await scene.open()
    scene.append(log, 20)
    assert.deepEqual(await scene.values(log), expected(0, 40))
    await scene.settle(log.flush({ index: 20, term: 1 }, new Uint8Array(1)))
    log.releaseBelow(40)
    assert.deepEqual(await scene.values(log), expected(0, 40))
    assert.deepEqual(await scene.values(log, 13, 1), expected(12, 40))
    scene.append(log, 3)
    assert.deepEqual(await scene.values(log, 30, 10_000), expected(30, 46))
    await scene.settle(log.close())
    assert.deepEqual(scene.failures, [])
  })

  test('that are flushed are there after a restart, others are not', async () => {
    const scene = new Scene()
    scene.segmentBytes = 600
    const log = await scene.open()
    scene.append(log, 10)
    await scene.settle(log.flush({ index: 10, term: 3 }, new Uint8Array([7])))
    scene.append(log, 10)
    await scene.simulation.run({ forMs: 100 })
    scene.machine.kill()
    const again = await scene.open(scene.machine.restart())
    assert.deepEqual([again.nextOffset, again.flushed, [...again.configuration]], [20, { index: 10, term: 3 }, [7]])
    assert.deepEqual(await scene.values(again), expected(0, 20))
    scene.append(again, 10)
    assert.deepEqual(await scene.values(again), expected(0, 40))
  })

  test('lose nothing that was flushed when the power fails at any time', async () => {
    for (let seed = 0; seed < 60; seed++) {
      const scene = new Scene(seed)
      scene.segmentBytes = 500
      const log = await scene.open()
      let flushed = 0
      const life = async () => {
        for (let index = 1; index < 6; index++) {
          scene.append(log, 1 + (seed % 5))
          const { nextOffset } = log
          if (index === 3) log.moveStart(4)
          await log.flush({ index, term: 1 }, new Uint8Array(1))
          flushed = nextOffset
        }
      }
      void life().catch(() => {})
      await scene.simulation.run({ forMs: (seed % 12) * 0.4 })
      scene.machine.powerLoss()
      const again = await scene.open(scene.machine.restart())
      assert.ok(again.nextOffset >= flushed, `seed ${seed}`)
      assert.deepEqual(
        await scene.values(again, again.startOffset - (again.startOffset % 2)),
        expected(again.startOffset, again.nextOffset),
      )
    }
  })

  test('lose nothing that was flushed where a write is under way when its segment is synced', async () => {
    for (let seed = 0; seed < 150; seed++) {
      const scene = new Scene(seed)
      scene.segmentBytes = 500
      const log = await scene.open()
      const { clock } = scene.machine.host
      const life = async () => {
        scene.append(log, 7)
        const first = log.flush({ index: 1, term: 1 }, new Uint8Array(1))
        await clock.sleep(seed * 0.02)
        scene.append(log, 1)
        await first
        await log.flush({ index: 2, term: 1 }, new Uint8Array(1))
      }
      await scene.settle(life())
      scene.machine.powerLoss()
      const again = await scene.open(scene.machine.restart())
      assert.equal(again.nextOffset, 16)
      await scene.settle(again.verify())
    }
  })

  test('that could not be written are in no checkpoint', async () => {
    const scene = new Scene()
    const log = await scene.open()
    const { disk, clock } = scene.machine.host
    await scene.settle(log.close())
    const failing = await scene.settle(
      openPartitionLog(home, {
        ...{ disk, clock, segmentBytes: () => 1000, full() {} },
        failed: () => scene.machine.failDisk(),
      }),
    )
    scene.machine.failDisk({ read: 0, write: 1, sync: 0, directory: 0 })
    scene.append(failing, 1)
    const flush = failing.flush({ index: 1, term: 1 }, new Uint8Array(1))
    await assert.rejects(scene.settle(flush), { code: 'DISK_FAILED' })
    assert.equal(failing.flushed.index, 0)
  })

  test('that rot in their files are noticed wherever they are read', async () => {
    const scene = new Scene()
    scene.segmentBytes = 600
    const log = await scene.open()
    log.epochs.note(0, 0)
    scene.append(log, 20)
    await scene.settle(log.flush({ index: 20, term: 1 }, new Uint8Array(1)))
    log.releaseBelow(40)
    await scene.settle(log.verify())
    const digest = await scene.settle(log.digest())
    const file = await scene.settle(scene.machine.host.disk.open(`${home}/g1/${segmentName(0)}`, { create: false }))
    // In a record, in an offset and in an epoch, which lie outside of the checksum.
    for (const position of [150, 7, 15]) {
      const byte = await scene.settle(file.read(position, 1))
      await scene.settle(file.write(position, Uint8Array.of(byte[0]! ^ 16)))
      const reads: (() => Promise<unknown>)[] = [() => log.verify(), () => log.digest(), async () => log.read(0, 300)]
      for (const read of reads) await assert.rejects(scene.settle(read()), { code: 'DATA_DAMAGED' }, `byte ${position}`)
      assert.deepEqual(await scene.values(log, 20), expected(20, 40), 'what is whole can be read')
      await scene.settle(file.write(position, byte))
    }
    assert.equal(await scene.settle(log.digest()), digest)
  })

  test('below a moved start are gone, with their files', async () => {
    const scene = new Scene()
    scene.segmentBytes = 400
    const log = await scene.open()
    scene.append(log, 20)
    await scene.settle(log.flush({ index: 1, term: 1 }, new Uint8Array(1)))
    const files = async () =>
      (await scene.settle(scene.machine.host.disk.list(`${home}/g1`))).filter((name) => name.endsWith('.log')).length
    const before = await files()
    const held = log.snapshot()
    log.moveStart(31)
    assert.equal(log.startOffset, 31)
    await scene.settle(log.flush({ index: 2, term: 1 }, new Uint8Array(1)))
    assert.equal(await files(), before)
    held.release()
    await scene.simulation.run({ forMs: 100 })
    assert.equal(await files(), before - 3)
    assert.deepEqual(await scene.values(log, 31), expected(30, 40))
  })

  test('are copied to another replica as they are', async () => {
    const scene = new Scene()
    scene.segmentBytes = 700
    const log = await scene.open()
    scene.append(log, 20)
    await scene.settle(log.flush({ index: 5, term: 2 }, new Uint8Array([1, 2])))
    scene.append(log, 5)
    const snapshot = log.snapshot()
    const other = scene.simulation.machine('other').host
    const copy = async (damage?: string) => {
      const receiver = await receivePartitionLog(home, other.disk)
      for (const { name, bytes } of snapshot.files) {
        const content = (await snapshot.read(name, 0, bytes)).slice()
        if (name === damage) content[content.length >> 1]! ^= 4
        await receiver.write(name, 0, content.subarray(0, bytes >> 1))
        await receiver.write(name, bytes >> 1, content.subarray(bytes >> 1))
      }
      try {
        await receiver.finish()
      } catch (error) {
        await receiver.abandon()
        throw error
      }
    }
    for (const { name } of snapshot.files) await assert.rejects(scene.settle(copy(name)), { code: 'DATA_DAMAGED' })
    await scene.settle(copy())
    const received = await scene.open(other)
    assert.deepEqual([received.nextOffset, received.flushed.index], [40, 5])
    assert.deepEqual(await scene.values(received), expected(0, 40))
  })

  test('are found by their time', async () => {
    const scene = new Scene()
    scene.segmentBytes = 700
    const log = await scene.open()
    scene.append(log, 20)
    await scene.settle(log.flush({ index: 5, term: 2 }, new Uint8Array(1)))
    const found = async (timestamp: number) => {
      const batch = await scene.settle(log.batchOfTime(timestamp))
      return batch && baseOffsetAt(batch, 0)
    }
    assert.deepEqual(
      [await found(0), await found(1000), await found(1013), await found(1038), await found(1039)],
      [0, 0, 14, 38, undefined],
    )
  })
})
