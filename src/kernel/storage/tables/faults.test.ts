import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Simulation } from '#host/simulated/index.ts'
import { latin1Bytes } from '#kernel/base/bytes.ts'
import type { ErrorCode } from '#kernel/base/errors.ts'
import { UnumError } from '#kernel/base/errors.ts'
import { BlockCache } from './block-cache.ts'
import { manifestName, readManifest } from './manifest.ts'
import { openTree } from './open-tree.ts'
import { createSortedMapTree } from './sorted-map-tree.ts'
import type { CachedContent } from './table-file.ts'
import { tableName } from './table-format.ts'
import { FaultyDisk, type Operation } from './testing/faulty-disk.ts'
import { tinyLimits } from './testing/simulated-tree.ts'
import type { TreeWriter } from './tree.ts'
import { evaluate, markAt, rowsOf } from './tree-compliance.ts'

const b = latin1Bytes
const everything = { from: b(''), to: undefined }

function change(tree: TreeWriter, index: number): void {
  for (let i = 0; i < 40; i++) tree.put(b(`key${(i * 7 + index) % 50}`), b(`${index}-`.repeat(i)))
  tree.delete(b(`key${index}`))
  tree.deleteRange({ from: b('key2'), to: b(`key2${index}`) })
}

/** What a tree holds after flush 1, the changes during flush 2, and flush 2. */
function expected(flushes: number): [string, string][] {
  const twin = createSortedMapTree()
  for (let index = 1; index <= flushes; index++) change(twin, index)
  return rowsOf(twin, everything)
}

async function makeTree(seed: number) {
  const simulation = new Simulation({ seed })
  const machine = simulation.machine('m')
  const disk = new FaultyDisk(machine.host.disk)
  const settle = <T>(promise: Promise<T>) => simulation.complete(promise)
  const failures: UnumError[] = []
  const open = (limits = tinyLimits) =>
    settle(
      openTree({
        disk,
        clock: machine.host.clock,
        directory: 'tables',
        cache: new BlockCache({ bytesMax: 1 << 20 }),
        limits,
        compactionFailed: (error) => failures.push(error),
      }),
    )
  return { simulation, machine, disk, settle, failures, open }
}

/** Lets the n-th request that changes the disk fail, and all after it for `count` requests. */
function failFrom(disk: FaultyDisk, n: number, count: number, code: ErrorCode): Operation[] {
  let requests = 0
  const hits: Operation[] = []
  disk.check = (operation, path) => {
    if (operation === 'read' || operation === 'open') return
    requests++
    if (requests < n || requests >= n + count) return
    hits.push(operation)
    throw new UnumError(code, `Cannot ${operation} ${path}: told to fail`)
  }
  return hits
}

test('a compaction that found no room is done when there is some, also where no flush follows', async () => {
  const { simulation, disk, settle, failures, open } = await makeTree(1)
  const quiet = await open({ ...tinyLimits, level0FilesMax: 100 })
  for (let index = 1; index <= 3; index++) {
    change(quiet, index)
    await settle(quiet.flush(markAt(index)))
  }
  await settle(quiet.close())
  const tree = await open()
  const { pressure } = tree
  failFrom(disk, 1, Number.POSITIVE_INFINITY, 'DISK_FULL')
  await simulation.run({ forMs: 2500 })
  assert.equal(failures.length, 3)
  assert.equal(tree.pressure, pressure)
  disk.check = () => {}
  await simulation.run({ forMs: 1000 })
  assert.ok(tree.pressure < pressure)
  failFrom(disk, 1, Number.POSITIVE_INFINITY, 'DISK_FULL')
  change(tree, 4)
  await settle(tree.close())
  await simulation.run({ forMs: 2500 })
  assert.equal(failures.length, 3)
})

/** @returns how many requests have failed. */
async function failThenLosePower(seed: number, n: number, code: ErrorCode): Promise<number> {
  const { simulation, machine, disk, settle, open } = await makeTree(seed)
  const tree = await open({ ...tinyLimits, level0FilesMax: 100 })
  change(tree, 1)
  await settle(tree.flush(markAt(1)))
  change(tree, 2)
  const hits = failFrom(disk, n, 1, code)
  await settle(tree.flush(markAt(2)).catch(() => {}))
  await simulation.run({ forMs: seed % 4 })
  machine.powerLoss()
  const host = machine.restart()
  const cache = new BlockCache<CachedContent>({ bytesMax: 0 })
  const again = await settle(openTree({ ...host, directory: 'tables', cache, limits: tinyLimits }))
  const { index } = again.flushed
  assert.ok(index === 1 || index === 2)
  assert.deepEqual(
    await evaluate({ tree: again, settle, reopen: undefined }, (reader) => rowsOf(reader, everything)),
    expected(index),
  )
  return hits.length
}

for (const code of ['DISK_FULL', 'DISK_FAILED'] as const) {
  test(`${code} at any request of a flush: rows stay readable, the next flush works, no file is left`, async () => {
    const quiet = { ...tinyLimits, level0FilesMax: 100 }
    for (let n = 1; ; n++) {
      const { machine, disk, settle, open } = await makeTree(n)
      const tree = await open(quiet)
      change(tree, 1)
      await settle(tree.flush(markAt(1)))
      change(tree, 2)
      const hits = failFrom(disk, n, 1 + (n % 3), code)
      const flush = tree.flush(markAt(2))
      change(tree, 3)
      const error = await settle(
        flush.then(
          () => undefined,
          (error: UnumError) => error,
        ),
      )
      disk.check = () => {}
      const read = () => evaluate({ tree, settle, reopen: undefined }, (reader) => rowsOf(reader, everything))
      assert.deepEqual(await read(), expected(3))
      if (error !== undefined) {
        assert.equal(error.code, code)
        assert.equal(tree.flushed.index, 1)
      }
      await settle(tree.flush(markAt(3)))
      assert.deepEqual(await read(), expected(3))
      await settle(tree.close())
      const names = await settle(machine.host.disk.list('tables'))
      const manifest = await settle(readManifest(machine.host.disk, 'tables', manifestName))
      const live = manifest.levels.flat().map((table) => tableName(table.number))
      // A file whose removal has failed is removed at the next opening.
      if (hits.length < 2) assert.deepEqual(names, [...live, manifestName].sort())
      const again = await open(quiet)
      assert.deepEqual(
        await evaluate({ tree: again, settle, reopen: undefined }, (reader) => rowsOf(reader, everything)),
        expected(3),
      )
      assert.equal(again.flushed.index, 3)
      if (hits.length === 0) break
    }
  })

  test(`${code} at any request of a flush, then power loss: one of the two last flushes`, async () => {
    for (let seed = 0; seed < 8; seed++) {
      for (let n = 1; (await failThenLosePower(seed, n, code)) > 0; n++);
    }
  })

  test(`${code} at any request of a compaction: it is told, nothing is lost, it is done after the next flush`, async () => {
    for (let n = 1; ; n++) {
      const { simulation, disk, settle, failures, open } = await makeTree(n)
      const quiet = await open({ ...tinyLimits, level0FilesMax: 100 })
      for (let index = 1; index <= 3; index++) {
        change(quiet, index)
        await settle(quiet.flush(markAt(index)))
      }
      await settle(quiet.close())
      const tree = await open()
      const hits = failFrom(disk, n, 1 + (n % 2), code)
      await simulation.run({ forMs: 100 })
      disk.check = () => {}
      // What could not be removed is removed at the next opening: that fails nothing.
      assert.equal(
        failures.length > 0,
        hits.some((operation) => operation !== 'remove'),
      )
      for (const failure of failures) assert.equal(failure.code, code)
      const read = () => evaluate({ tree, settle, reopen: undefined }, (reader) => rowsOf(reader, everything))
      assert.deepEqual(await read(), expected(3))
      change(tree, 4)
      await settle(tree.flush(markAt(4)))
      await simulation.run({ forMs: 200 })
      assert.ok(tree.pressure < 0.5)
      assert.deepEqual(await read(), expected(4))
      await settle(tree.close())
      if (hits.length === 0) break
    }
  })
}
