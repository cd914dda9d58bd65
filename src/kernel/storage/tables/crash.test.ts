import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Simulation } from '#host/simulated/index.ts'
import { latin1Bytes } from '#kernel/base/bytes.ts'
import type { Host } from '#kernel/base/host.ts'
import { createRandom } from '#kernel/base/random.ts'
import { BlockCache } from './block-cache.ts'
import { manifestName, readManifest } from './manifest.ts'
import { openTree } from './open-tree.ts'
import { createSortedMapTree } from './sorted-map-tree.ts'
import { tableName } from './table-format.ts'
import { FaultyDisk } from './testing/faulty-disk.ts'
import { tinyLimits } from './testing/simulated-tree.ts'
import type { Tree, TreeWriter } from './tree.ts'
import { evaluate, markAt, rowsOf } from './tree-compliance.ts'

const b = latin1Bytes
const directory = 'tables'
const everything = { from: b(''), to: undefined }

function open(host: Host): Promise<Tree> {
  const { disk, clock } = host
  return openTree({ disk, clock, directory, cache: new BlockCache({ bytesMax: 1 << 20 }), limits: tinyLimits })
}

/** The changes before flush `index`: a function of the seed, so that what a tree must hold is known for every mark. */
function change(tree: TreeWriter, seed: number, index: number): void {
  const random = createRandom(seed).child(`changes ${index}`)
  const key = () => b(`key${String(random.below(60)).padStart(3, '0')}`)
  for (let i = 0; i < 12; i++) {
    const choice = random.below(16)
    if (choice === 0) {
      const [from, to] = [key(), key()].sort((x, y) => x[5]! - y[5]!)
      tree.deleteRange({ from: from!, to })
    } else if (choice < 4) tree.delete(key())
    else tree.put(key(), b(`${index}-`.repeat(random.below(120))))
  }
}

/** The rows that a tree must have after flush `index`. */
function rowsAfter(seed: number, index: number): [string, string][] {
  const twin = createSortedMapTree()
  for (let i = 1; i <= index; i++) change(twin, seed, i)
  return rowsOf(twin, everything)
}

interface Progress {
  /** The last flush that has resolved. */
  resolved: number
  /** The last flush that has begun. */
  begun: number
  /** How many manifests were renamed. */
  renames: number
}

async function work(host: Host, seed: number, flushes: number, progress: Progress): Promise<void> {
  const disk = new FaultyDisk(host.disk)
  disk.done = (operation) => {
    if (operation === 'rename') progress.renames++
  }
  const tree = await open({ ...host, disk })
  for (let index = 1; index <= flushes; index++) {
    change(tree, seed, index)
    progress.begun = index
    await tree.flush(markAt(index, `meta ${index}`))
    progress.resolved = index
    // Some compactions run beside the next flush, some alone.
    if (index % 3 === 0) await host.clock.sleep(3)
  }
  await host.clock.sleep(20)
}

/** Opens what a crash has left and checks that it is one of the states that it may be. */
async function checkRecovery(simulation: Simulation, host: Host, seed: number, progress: Progress): Promise<Tree> {
  const settle = <T>(promise: Promise<T>) => simulation.complete(promise)
  const tree = await settle(open(host))
  const { index } = tree.flushed
  assert.ok(index === progress.resolved || index === progress.begun, `mark ${index} after ${JSON.stringify(progress)}`)
  const rows = await evaluate({ tree, settle, reopen: undefined }, (reader) => rowsOf(reader, everything))
  assert.deepEqual(rows, rowsAfter(seed, index))
  return tree
}

/** Checks that nothing is on disk but what the manifest names. */
async function checkNames(simulation: Simulation, host: Host): Promise<void> {
  const names = await simulation.complete(host.disk.list(directory))
  const manifest = await simulation.complete(readManifest(host.disk, directory, manifestName))
  const live = manifest.levels.flat().map((table) => tableName(table.number))
  assert.deepEqual([...names].sort(), [...live, manifestName].sort(), 'no other file is left')
}

/** Crashes a run where `when` says. @returns whether the work was done before that. */
async function crash(
  seed: number,
  kind: 'powerLoss' | 'kill',
  when: (simulation: Simulation, progress: Progress) => boolean,
): Promise<boolean> {
  const simulation = new Simulation({ seed })
  const machine = simulation.machine('m')
  const progress: Progress = { resolved: 0, begun: 0, renames: 0 }
  let isDone = false
  void work(machine.host, seed, 7, progress).then(() => {
    isDone = true
  })
  await simulation.run({ until: () => isDone || when(simulation, progress) })
  machine[kind]()
  const first = await checkRecovery(simulation, machine.restart(), seed, progress)
  // What a tree said when it opened holds through the next crash, too.
  const { index } = first.flushed
  machine.powerLoss()
  const host = machine.restart()
  const second = await checkRecovery(simulation, host, seed, { resolved: index, begun: index, renames: 0 })
  await simulation.complete(second.close())
  await checkNames(simulation, host)
  return isDone
}

for (const kind of ['powerLoss', 'kill'] as const) {
  test(`${kind} at any event of flush, compaction and manifest change leaves one of the two last flushes`, async () => {
    for (let event = 1; ; event += kind === 'powerLoss' ? 1 : 3) {
      if (await crash(1, kind, ({ events }) => events >= event)) break
    }
  })

  // The names of the new files, and that of the manifest itself, may be durable or not just then.
  test(`${kind} between a rename of the manifest and its sync leaves one of the two last flushes`, async () => {
    for (let seed = 0; seed < 60; seed++) await crash(seed, kind, (_, { renames }) => renames > 1 + (seed % 6))
  })
}

test('power loss at some event of other runs leaves one of the two last flushes', async () => {
  for (let seed = 2; seed < 100; seed++) {
    const event = createRandom(seed).child('event').below(700)
    await crash(seed, 'powerLoss', ({ events }) => events >= event)
  }
})
