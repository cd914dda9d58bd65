import assert from 'node:assert/strict'
import { test } from 'node:test'
import { latin1Bytes } from '#kernel/base/bytes.ts'
import { createRandom } from '#kernel/base/random.ts'
import { manifestName, readManifest } from './manifest.ts'
import type { SimulatedTree } from './testing/simulated-tree.ts'
import { simulatedTree, tinyLimits } from './testing/simulated-tree.ts'
import { evaluate, markAt, rowsOf } from './tree-compliance.ts'

const b = latin1Bytes
const everything = { from: b(''), to: undefined }
const key = (n: number) => b(`key${String(n).padStart(6, '0')}`)

async function levelsOf(under: SimulatedTree) {
  const { disk } = under.simulation.machine('m').host
  return (await under.settle(readManifest(disk, 'tables', manifestName))).levels
}

async function flush(under: SimulatedTree, index: number): Promise<void> {
  await under.settle(under.tree.flush(markAt(index)))
  await under.simulation.run({ forMs: 50 })
}

test('each level holds at most ten times as much as the one above it, in files of the size wanted', async () => {
  const under = await simulatedTree({ seed: 1, limits: tinyLimits })
  const random = createRandom(1)
  const newest = new Map<string, number>()
  for (let index = 1; index <= 250; index++) {
    for (let i = 0; i < 20; i++) {
      const n = random.below(2_000)
      newest.set(String(n), index)
      under.tree.put(key(n), b(`${index} `.repeat(20)))
    }
    await flush(under, index)
  }
  const levels = await levelsOf(under)
  const bytes = levels.map((files) => files.reduce((sum, file) => sum + file.size, 0))
  assert.ok(levels[0]!.length < tinyLimits.level0FilesMax)
  assert.ok(bytes[1]! <= tinyLimits.level1BytesMax, `${bytes}`)
  assert.ok(bytes[2]! <= 10 * tinyLimits.level1BytesMax, `${bytes}`)
  assert.ok(bytes[3]! > bytes[2]!, `${bytes}`)
  for (const file of levels.slice(1).flat()) assert.ok(file.size < 3 * tinyLimits.fileBytesMax, `${file.size}`)
  const rows = await evaluate(under, (tree) => rowsOf(tree, everything))
  assert.equal(rows.length, newest.size)
  for (const [name, value] of rows) assert.equal(value.split(' ')[0], String(newest.get(String(Number(name.slice(3))))))
  await under.settle(under.tree.close())
})

test('rows that were all deleted one by one leave no file, although nothing is written after them', async () => {
  const under = await simulatedTree({ seed: 2, limits: tinyLimits })
  let index = 0
  for (let i = 0; i < 300; i++) {
    under.tree.put(key(i), b('x'.repeat(150)))
    if (i % 50 === 49) await flush(under, ++index)
  }
  assert.ok((await levelsOf(under))[2]!.length > 0, 'rows are two levels down')
  for (const half of [0, 1]) {
    for (let i = half; i < 300; i += 2) under.tree.delete(key(i))
    await flush(under, ++index)
  }
  assert.deepEqual(await evaluate(under, (tree) => rowsOf(tree, everything)), [])
  assert.equal(under.tree.fileBytes, 0)
  await under.settle(under.tree.close())
})

test('deleting everything takes the files with the next flush, unread', async () => {
  const under = await simulatedTree({ seed: 3, limits: tinyLimits })
  for (let index = 1; index <= 10; index++) {
    for (let i = 0; i < 50; i++) under.tree.put(key(i * index), b('x'.repeat(50)))
    await flush(under, index)
  }
  under.tree.deleteRange(everything)
  under.tree.put(key(1), b('left'))
  await under.settle(under.tree.flush(markAt(11)))
  assert.equal((await levelsOf(under)).flat().length, 1)
  assert.deepEqual(await evaluate(under, (tree) => rowsOf(tree, everything)), [['key000001', 'left']])
  // The tombstone itself goes with the next compaction, as nothing older is left.
  await flush(under, 12)
  under.tree.delete(key(1))
  await flush(under, 13)
  await flush(under, 14)
  assert.equal(under.tree.fileBytes, 0)
  await under.settle(under.tree.close())
})

test('what comes and goes between two flushes leaves nothing behind', async () => {
  const under = await simulatedTree({ seed: 4, limits: tinyLimits })
  for (let i = 0; i < 500; i++) {
    under.tree.put(key(i), b('element'))
    if (i >= 3) under.tree.delete(key(i - 3))
  }
  const rows = await evaluate(under, (tree) => rowsOf(tree, everything))
  assert.deepEqual(
    rows.map(([name]) => name),
    ['key000497', 'key000498', 'key000499'],
  )
  for (let i = 497; i < 500; i++) under.tree.delete(key(i))
  under.tree.deleteRange({ from: key(0), to: key(1_000) })
  await flush(under, 1)
  assert.equal(under.tree.fileBytes, 0)
  await under.settle(under.tree.close())
})

test('pressure grows with the files of level 0 and falls as they are compacted', async () => {
  const under = await simulatedTree({ seed: 5, limits: tinyLimits })
  let highest = 0
  for (let index = 1; index <= 12; index++) {
    for (let i = 0; i < 60; i++) under.tree.put(key(i), b(`${index}`.repeat(90)))
    await under.settle(under.tree.flush(markAt(index)))
    highest = Math.max(highest, under.tree.pressure)
  }
  assert.ok(highest >= 0.5, `${highest}`)
  await under.simulation.run({ forMs: 500 })
  assert.ok(under.tree.pressure < 0.34)
  await under.settle(under.tree.close())
})
