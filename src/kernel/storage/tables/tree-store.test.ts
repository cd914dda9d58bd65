import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Simulation } from '#host/simulated/index.ts'
import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { Host } from '#kernel/base/host.ts'
import type { SnapshotReceiver } from '../generations.ts'
import { tinyLimits } from './testing/simulated-tree.ts'
import { readFile, writeFile } from './testing/tree-image.ts'
import type { Tree, TreeSnapshot } from './tree.ts'
import { evaluate, markAt, rowsOf } from './tree-compliance.ts'
import { createTreeStore, type TreeStore } from './tree-store.ts'

const b = latin1Bytes
const everything = { from: b(''), to: undefined }

function storeOf(host: Host): TreeStore {
  return createTreeStore({ disk: host.disk, clock: host.clock, cacheBytes: 1 << 20, limits: tinyLimits })
}

class Scene {
  readonly simulation = new Simulation({ seed: 5 })
  readonly from = this.simulation.machine('from')
  readonly to = this.simulation.machine('to')

  settle<T>(promise: Promise<T>): Promise<T> {
    return this.simulation.complete(promise)
  }

  rows(tree: Tree): Promise<[string, string][]> {
    return evaluate({ tree, settle: (promise) => this.settle(promise), reopen: undefined }, (reader) =>
      rowsOf(reader, everything),
    )
  }

  /** A tree of several files on several levels at mark 6. */
  async source(): Promise<Tree> {
    const tree = await this.settle(storeOf(this.from.host).open('home'))
    for (let index = 1; index <= 6; index++) {
      for (let i = 0; i < 30; i++) tree.put(b(`key${(i * index) % 40}`), b(`${index}`.repeat(i * 7)))
      tree.deleteRange({ from: b(`key${index}`), to: b(`key${index}9`) })
      await this.settle(tree.flush(markAt(index, 'meta')))
      await this.simulation.run({ forMs: 2 })
    }
    return tree
  }
}

/** Copies in pieces, as over a network. */
async function copy(snapshot: TreeSnapshot, receiver: SnapshotReceiver): Promise<void> {
  for (const { name, bytes } of snapshot.files) {
    for (let at = 0; at < bytes; at += 700)
      await receiver.write(name, at, await snapshot.read(name, at, Math.min(700, bytes - at)))
  }
}

test('a snapshot is the flushed state, whatever happens to the tree meanwhile, and its files go when it is released', async () => {
  const scene = new Scene()
  const tree = await scene.source()
  const before = await scene.rows(tree)
  const snapshot = tree.snapshot()
  assert.equal(snapshot.mark.index, 6)
  for (let index = 7; index < 12; index++) {
    tree.deleteRange(everything)
    tree.put(b(`new${index}`), b('x'.repeat(2_000)))
    await scene.settle(tree.flush(markAt(index)))
    await scene.simulation.run({ forMs: 20 })
  }
  const store = storeOf(scene.to.host)
  const receiver = await scene.settle(store.receive('home'))
  await scene.settle(copy(snapshot, receiver))
  await scene.settle(receiver.finish())
  const received = await scene.settle(store.open('home'))
  assert.deepEqual([received.flushed.index, latin1Text(received.flushed.meta)], [6, 'meta'])
  assert.deepEqual(await scene.rows(received), before)

  const filesBefore = (await scene.settle(scene.from.host.disk.list('home/g1'))).length
  snapshot.release()
  snapshot.release()
  await scene.settle(tree.close())
  const filesAfter = (await scene.settle(scene.from.host.disk.list('home/g1'))).length
  assert.ok(filesAfter < filesBefore, 'files that only the snapshot needed are removed')
  const again = await scene.settle(storeOf(scene.from.host).open('home'))
  assert.deepEqual(
    (await scene.rows(again)).map(([key]) => key),
    ['new11'],
  )
})

test('a received snapshot takes the place of the tree that was there, at once and after any crash', async () => {
  // How far the receiving gets before the power fails: in events, until it is over.
  for (let events = 1; ; events += 3) {
    const scene = new Scene()
    const snapshot = (await scene.source()).snapshot()
    const old = await scene.settle(storeOf(scene.to.host).open('home'))
    old.put(b('old'), b('row'))
    await scene.settle(old.flush(markAt(1)))
    const store = storeOf(scene.to.host)
    let isInstalled = false
    const receive = async () => {
      const receiver = await store.receive('home')
      await copy(snapshot, receiver)
      await receiver.finish()
      isInstalled = true
    }
    void receive()
    const end = scene.simulation.events + events
    await scene.simulation.run({ until: () => isInstalled || scene.simulation.events >= end })
    const wasInstalled = isInstalled
    scene.to.powerLoss()
    const host = scene.to.restart()
    const tree = await scene.settle(storeOf(host).open('home'))
    if (tree.flushed.index === 1) assert.deepEqual(await scene.rows(tree), [['old', 'row']])
    else assert.equal(tree.flushed.index, 6)
    assert.ok(!wasInstalled || tree.flushed.index === 6)
    assert.equal((await scene.settle(host.disk.list('home'))).length, 1, 'one generation is left')
    if (wasInstalled) break
  }
})

test('a snapshot with any damaged byte is refused, and abandoning it leaves the tree as it was', async () => {
  const scene = new Scene()
  const snapshot = (await scene.source()).snapshot()
  const { disk } = scene.to.host
  const store = storeOf(scene.to.host)
  const old = await scene.settle(store.open('home'))
  old.put(b('old'), b('row'))
  await scene.settle(old.flush(markAt(1)))
  await scene.settle(old.close())
  const total = snapshot.files.reduce((sum, file) => sum + file.bytes, 0)
  for (let position = 0; position < total; position += 61) {
    const receiver = await scene.settle(store.receive('home'))
    await scene.settle(copy(snapshot, receiver))
    let at = position
    for (const { name, bytes } of snapshot.files) {
      if (at >= 0 && at < bytes) {
        const content = await scene.settle(readFile(disk, `home/g2/${name}`))
        content[at]! ^= 0x10
        await scene.settle(writeFile(disk, `home/g2/${name}`, content))
      }
      at -= bytes
    }
    await assert.rejects(scene.settle(receiver.finish()), (error) => {
      return error instanceof UnumError && error.code === 'DATA_DAMAGED'
    })
    await scene.settle(receiver.abandon())
  }
  const again = await scene.settle(store.open('home'))
  assert.deepEqual(await scene.rows(again), [['old', 'row']])
})

test('a snapshot without one of its files, or with parts of another, is refused', async () => {
  const scene = new Scene()
  const tree = await scene.source()
  const snapshot = tree.snapshot()
  const store = storeOf(scene.to.host)
  for (const missing of snapshot.files) {
    const receiver = await scene.settle(store.receive('home'))
    const files = snapshot.files.filter((file) => file !== missing)
    await scene.settle(copy({ ...snapshot, files, read: (...part) => snapshot.read(...part) }, receiver))
    await assert.rejects(scene.settle(receiver.finish()))
    await scene.settle(receiver.abandon())
  }
  const receiver = await scene.settle(store.receive('home'))
  await assert.rejects(scene.settle(receiver.write('../../evil', 0, b('x'))), /not a file of a snapshot/)
  await assert.rejects(scene.settle(receiver.write('manifest', 0, b('x'))), /not a file of a snapshot/)
  await scene.settle(receiver.abandon())
})

test('trees of one store share a cache that stays within its bound', async () => {
  const scene = new Scene()
  const { disk, clock } = scene.from.host
  const store = createTreeStore({ disk, clock, cacheBytes: 60_000 })
  const trees = [await scene.settle(store.open('a')), await scene.settle(store.open('b'))]
  for (const [t, tree] of trees.entries()) {
    for (let i = 0; i < 1_000; i++) tree.put(b(`key${String(i).padStart(5, '0')}`), b(`${t}`.repeat(200)))
    await scene.settle(tree.flush(markAt(1)))
  }
  for (let round = 0; round < 3; round++) {
    for (const [t, tree] of trees.entries()) {
      for (let i = 0; i < 1_000; i += 17) {
        const key = b(`key${String((i * 37) % 1_000).padStart(5, '0')}`)
        const under = { tree, settle: <T>(promise: Promise<T>) => scene.settle(promise), reopen: undefined }
        const value = await evaluate(under, (reader) => latin1Text(reader.get(key)!))
        assert.equal(value, `${t}`.repeat(200))
        assert.ok(store.cachedBytes <= 60_000)
      }
    }
  }
  assert.ok(store.cachedBytes > 40_000)
  for (const tree of trees) await scene.settle(tree.close())
  assert.equal(store.cachedBytes, 0)
})
