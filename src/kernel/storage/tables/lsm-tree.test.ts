import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import type { UnumError } from '#kernel/base/errors.ts'
import { createSortedMapTree } from './sorted-map-tree.ts'
import { simulatedTree, tinyLimits } from './testing/simulated-tree.ts'
import type { KeyRange, TreeReader } from './tree.ts'
import { BlockMiss } from './tree.ts'
import { checkTree, evaluate, markAt, rowsOf } from './tree-compliance.ts'

const b = latin1Bytes

checkTree('sorted map', async () => ({ tree: createSortedMapTree(), reopen: undefined, settle: (promise) => promise }))
checkTree('merge tree', () => simulatedTree({ seed: 1 }))
checkTree('merge tree with tiny limits and no cache', () =>
  simulatedTree({ seed: 2, limits: tinyLimits, cacheBytes: 0 }),
)

type Step =
  | { readonly kind: 'put'; readonly key: string; readonly bytes: number }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'deleteRange'; readonly range: readonly [string, string] }
  | { readonly kind: 'flush' | 'flushBeside' | 'reopen' | 'wait' | 'scan' }

const key = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 60 }).map((n) => `key${String(n).padStart(3, '0')}`) },
  { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom('\x00', 'a', '\xff', 'k'), maxLength: 6 }) },
)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({ kind: fc.constant('put' as const), key, bytes: fc.oneof(fc.nat(40), fc.nat(3_000)) }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('deleteRange' as const), range: fc.tuple(key, key) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('flush' as const, 'flushBeside' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('reopen' as const, 'wait' as const, 'scan' as const) }) },
)

/** Everything that can be read: all keys one by one, all rows, and rows of ranges, both ways. */
function readAll(reader: TreeReader, keys: ReadonlySet<string>): unknown {
  const bounds = [...keys].sort().filter((_, i) => i % 7 === 0)
  const ranges: KeyRange[] = [{ from: b(''), to: undefined }]
  for (let i = 0; i + 1 < bounds.length; i++) ranges.push({ from: b(bounds[i]!), to: b(bounds[i + 1]!) })
  return {
    gets: [...keys].map((name) => [name, reader.get(b(name))?.length]),
    forward: ranges.map((range) => rowsOf(reader, range)),
    backward: ranges.map((range) => rowsOf(reader, range, true)),
  }
}

test('any history of changes, flushes, compactions and reopenings reads as a sorted map', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 400, size: 'max' }), fc.nat(1000), async (steps, seed) => {
      const under = await simulatedTree({ seed, limits: tinyLimits, cacheBytes: (seed % 3) * 5_000 })
      const twin = createSortedMapTree()
      const keys = new Set<string>()
      let index = 0
      const check = async () =>
        assert.deepEqual(await evaluate(under, (tree) => readAll(tree, keys)), readAll(twin, keys))
      let flush: Promise<void> = Promise.resolve()
      for (const [i, step] of steps.entries()) {
        switch (step.kind) {
          case 'put': {
            keys.add(step.key)
            const value = b(String.fromCharCode(97 + (i % 26)).repeat(step.bytes))
            for (const tree of [under.tree, twin]) tree.put(b(step.key), value)
            break
          }
          case 'delete':
            keys.add(step.key)
            for (const tree of [under.tree, twin]) tree.delete(b(step.key))
            break
          case 'deleteRange': {
            const [from, to] = [...step.range].sort()
            const range = { from: b(from!), to: i % 5 === 0 ? undefined : b(to!) }
            for (const tree of [under.tree, twin]) tree.deleteRange(range)
            break
          }
          case 'flush':
          case 'flushBeside':
            await under.settle(flush)
            flush = under.tree.flush(markAt(++index))
            if (step.kind === 'flush') await under.settle(flush)
            break
          case 'reopen':
            await under.settle(flush)
            await under.settle(under.tree.flush(markAt(++index)))
            await under.reopen()
            assert.equal(under.tree.flushed.index, index)
            break
          case 'wait':
            await under.simulation.run({ forMs: 5 })
            break
          case 'scan':
            await check()
            break
        }
      }
      await check()
      await under.settle(flush)
      await under.simulation.run({ forMs: 100 })
      assert.ok(under.tree.pressure < 1, 'compaction keeps up')
      await check()
      await under.settle(under.tree.close())
    }),
    { numRuns: 60 },
  )
})

test('a block of a file that compaction has replaced is let go, and the evaluation finds its rows elsewhere', async () => {
  const under = await simulatedTree({ seed: 7, limits: tinyLimits, cacheBytes: 0 })
  for (let i = 0; i < 20; i++) under.tree.put(b(`key${i}`), b('1'.repeat(100)))
  await under.settle(under.tree.flush(markAt(1)))
  let missed: unknown
  assert.throws(
    () => under.tree.get(b('key1')),
    (error) => {
      missed = (error as BlockMiss).block
      return error instanceof BlockMiss
    },
  )
  for (let index = 2; index < 5; index++) {
    for (let i = 0; i < 20; i++) under.tree.put(b(`key${i}`), b(`${index}`))
    await under.settle(under.tree.flush(markAt(index)))
    await under.simulation.run({ forMs: 20 })
  }
  await under.settle(under.tree.load(missed))
  assert.equal(await evaluate(under, (tree) => latin1Text(tree.get(b('key1'))!)), '4')
  await under.settle(under.tree.close())
})

test('closing during loads, a flush and a compaction ends them all, and the tree opens again', async () => {
  for (let steps = 1; steps < 40; steps++) {
    const under = await simulatedTree({ seed: steps, limits: tinyLimits, cacheBytes: 0 })
    for (let index = 1; index <= 3; index++) {
      for (let i = 0; i < 40; i++) under.tree.put(b(`key${i}`), b(`${index}`.repeat(i)))
      if (index < 3) await under.settle(under.tree.flush(markAt(index)))
    }
    const work = [under.tree.flush(markAt(3))]
    try {
      rowsOf(under.tree, { from: b('z'), to: undefined })
      under.tree.get(b('key-'))
    } catch (error) {
      if (error instanceof BlockMiss) work.push(under.tree.load(error.block))
    }
    const ends = Promise.allSettled(work)
    const end = under.simulation.events + steps
    await under.simulation.run({ until: () => under.simulation.events >= end })
    await under.reopen()
    for (const result of await ends) {
      if (result.status === 'rejected') assert.equal((result.reason as UnumError).code, 'STOPPED')
    }
    assert.ok([2, 3].includes(under.tree.flushed.index))
    const rows = await evaluate(under, (tree) => rowsOf(tree, { from: b(''), to: undefined }))
    assert.equal(rows.length, 40)
    await under.settle(under.tree.close())
    await assert.rejects(under.settle(under.tree.flush(markAt(9))), { code: 'STOPPED' })
  }
})

test('a scan of much more than the cache holds misses only a few times', async () => {
  const under = await simulatedTree({ seed: 8, cacheBytes: 50_000 })
  for (let i = 0; i < 3_000; i++) under.tree.put(b(`key${String(i).padStart(5, '0')}`), b('v'.repeat(200)))
  await under.settle(under.tree.flush(markAt(1)))
  for (const reverse of [false, true]) {
    await under.reopen()
    let evaluations = 0
    const rows = await evaluate(under, (tree) => {
      evaluations++
      return rowsOf(tree, { from: b(''), to: undefined }, reverse).length
    })
    assert.equal(rows, 3_000)
    assert.ok(evaluations <= 12, `${evaluations} evaluations for some 160 blocks`)
  }
  await under.settle(under.tree.close())
})

test('what is in memory stays in memory when a flush or a compaction moves it to a new file', async () => {
  const under = await simulatedTree({ seed: 9, limits: { ...tinyLimits, fileBytesMax: 1 << 20 }, cacheBytes: 1 << 20 })
  const evaluationsOf = async (name: string) => {
    let evaluations = 0
    await evaluate(under, (tree) => {
      evaluations++
      tree.get(b(name))
    })
    return evaluations
  }
  const cold = 'key09990'
  for (let index = 1; index < 8; index++) {
    for (let i = 0; i < 200; i++) under.tree.put(b(`key${String(i * 50).padStart(5, '0')}`), b(`${index}`.repeat(200)))
    await under.settle(under.tree.flush(markAt(index)))
    await under.simulation.run({ forMs: 50 })
    for (const name of ['key00000', 'key05000', 'key09950']) assert.equal(await evaluationsOf(name), 1, name)
    assert.equal(await evaluationsOf(cold), 1, 'the filter is in memory too')
  }
  await under.reopen()
  assert.ok((await evaluationsOf('key05000')) > 1, 'after a start nothing is')
  await under.settle(under.tree.close())
})
