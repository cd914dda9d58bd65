import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Machine, Simulation } from '#host/simulated/index.ts'
import type { Host } from '#kernel/base/host.ts'
import { defineService, type ServiceContext } from '#kernel/handles/service.ts'
import type { Partition } from '#kernel/logs/partition.ts'
import type { ProduceOutcome } from '#kernel/logs/partition-leader.ts'
import { makeBatch, type TestBatch, valuesOf } from '#kernel/logs/testing/batches.ts'
import { startNode } from './node.ts'
import type { NodeSettings, RunningNode } from './node-types.ts'
import { defaultSettings } from './settings.ts'

const silent = { info() {}, warn() {}, error() {} }
const names = ['n1', 'n2', 'n3']
const id = '0123456789abcdef0123456789abcdef'

class Scene {
  readonly simulation
  readonly contexts = new Map<string, ServiceContext>()
  readonly nodes = new Map<string, RunningNode>()
  readonly #settings: Partial<NodeSettings>

  constructor(seed: number, settings: Partial<NodeSettings> = {}) {
    this.simulation = new Simulation({ seed })
    this.#settings = settings
  }

  settle<T>(promise: Promise<T>): Promise<T> {
    return this.simulation.complete(promise)
  }

  async start(name: string, host: Host): Promise<void> {
    const service = defineService({
      name: 'probe',
      listeners: [
        {
          protocol: 'probe',
          defaultPort: 1,
          open: (connection, context) => {
            connection.handler = { data() {}, closed() {} }
            this.contexts.set(name, context)
          },
        },
      ],
      spaces: [{ name: 'cell', slotCount: 16 }],
      evaluators: [],
    })
    const members = names.map((each) => ({ name: each, zone: 'a', peer: { host: each, port: 7800 } }))
    const node = await startNode({
      ...{ host, name, members, services: [service], log: silent },
      bootstrap: { clusterId: 'c', shards: 1 },
      listen: { probe: { host: name, port: 1 } },
      settings: { ...defaultSettings, ...this.#settings },
    })
    this.nodes.set(name, node)
    await new Promise<void>((resolve) => {
      const opened = { data() {}, opened: () => connection.end(), closed: () => resolve() }
      const connection = host.network.connect({ host: name, port: 1 }, opened)
    })
  }

  async startAll(): Promise<void> {
    await this.settle(Promise.all(names.map((name) => this.start(name, this.simulation.machine(name).host))))
  }

  cutOff(name: string): void {
    const others = names.filter((each) => each !== name)
    this.simulation.cut([name], others)
    this.simulation.cut(others, [name])
  }

  create(name: string, partitions = 1, at = 'n1') {
    const request = { name, id, partitions, replicationFactor: 3, settings: {} }
    return this.settle(this.contexts.get(at)!.topics.create(request))
  }

  local(node: string, topic: string, index = 0): Partition {
    return this.contexts.get(node)!.topics.find(topic)!.partitions[index]!.local!
  }

  /** The node that leads, once there is one. */
  async leader(topic: string, index = 0): Promise<string> {
    for (;;) {
      const found = names.find((name) => this.nodes.has(name) && this.local(name, topic, index)?.leader.isLeading)
      if (found) return found
      await this.simulation.run({ forMs: 20 })
    }
  }

  async produce(node: string, topic: string, batch: TestBatch, index = 0): Promise<ProduceOutcome> {
    const bytes = makeBatch(batch)
    return this.settle(
      new Promise<ProduceOutcome>((resolve) =>
        this.local(node, topic, index).leader.produce(bytes, 0, bytes.length, resolve),
      ),
    )
  }

  async values(node: string, topic: string, index = 0): Promise<string[]> {
    const { store } = this.local(node, topic, index)
    const values: string[] = []
    for (let offset = store.startOffset; offset < store.nextOffset; ) {
      const found = valuesOf(await this.settle(Promise.resolve(store.read(offset, 10_000))))
      values.push(...found)
      offset += found.length
    }
    return values
  }
}

suite('partitions of a cluster', () => {
  test('are made, take batches at their leader and have the same records on all nodes', async () => {
    const scene = new Scene(1)
    await scene.startAll()
    assert.equal(await scene.create('orders', 3, 'n2'), 'done')
    assert.equal(await scene.create('orders'), 'exists')
    for (let index = 0; index < 3; index++) {
      const leader = await scene.leader('orders', index)
      for (let i = 0; i < 4; i++) {
        const outcome = await scene.produce(
          leader,
          'orders',
          { values: [`v${index}.${i * 2}`, `v${index}.${i * 2 + 1}`] },
          index,
        )
        assert.deepEqual(outcome, { kind: 'done', baseOffset: i * 2 })
      }
      const other = names.find((name) => name !== leader)!
      assert.deepEqual(await scene.produce(other, 'orders', { values: ['v0.0'] }, index), { kind: 'not leader' })
    }
    await scene.simulation.run({ forMs: 500 })
    for (const name of names) {
      for (let index = 0; index < 3; index++) {
        assert.deepEqual(
          await scene.values(name, 'orders', index),
          Array.from({ length: 8 }, (_, i) => `v${index}.${i}`),
        )
      }
    }
  })

  test('go on when a leader dies, and repeat no batch of an idempotent producer', async () => {
    const scene = new Scene(2)
    await scene.startAll()
    await scene.create('orders')
    const first = await scene.leader('orders')
    const batch = (n: number): TestBatch => ({ values: [`v0.${n}`], producerId: 7, producerEpoch: 0, baseSequence: n })
    for (let n = 0; n < 3; n++) await scene.produce(first, 'orders', batch(n))
    assert.deepEqual(await scene.produce(first, 'orders', batch(5)), { kind: 'out of order' })
    scene.simulation.machine(first).kill()
    scene.nodes.delete(first)
    const second = await scene.leader('orders')
    assert.deepEqual(await scene.produce(second, 'orders', batch(2)), { kind: 'duplicate', baseOffset: 2 })
    assert.deepEqual(await scene.produce(second, 'orders', batch(3)), { kind: 'done', baseOffset: 3 })
    await scene.settle(scene.start(first, scene.simulation.machine(first).restart()))
    await scene.simulation.run({ forMs: 1000 })
    assert.deepEqual(await scene.values(first, 'orders'), ['v0.0', 'v0.1', 'v0.2', 'v0.3'])
    const { store } = scene.local(first, 'orders')
    assert.equal(store.epochs.starts.length, 2)
  })

  test('that were away for longer than the log goes back get the segments', async () => {
    const scene = new Scene(3, { memoryTableBytes: 4096 })
    await scene.startAll()
    await scene.create('orders')
    const leader = await scene.leader('orders')
    const away = names.find((name) => name !== leader)!
    scene.simulation.machine(away).kill()
    scene.nodes.delete(away)
    for (let n = 0; n < 200; n++) {
      await scene.produce(leader, 'orders', { values: [`v0.${n} `.padEnd(100, 'x')] })
      if (n % 20 === 0) await scene.simulation.run({ forMs: 60 })
    }
    await scene.settle(scene.start(away, scene.simulation.machine(away).restart()))
    await scene.simulation.run({ forMs: 3000 })
    assert.equal(scene.local(away, 'orders').store.nextOffset, 200)
    assert.ok(scene.local(away, 'orders').store.flushed.index > 100)
    assert.deepEqual((await scene.values(away, 'orders')).length, 200)
  })

  for (const [what, strike] of [
    ['dies', (machine: Machine) => machine.kill()],
    ['loses its links', (machine: Machine, scene: Scene) => scene.cutOff(machine.name)],
    ['stands still', (machine: Machine) => machine.pause()],
  ] as const) {
    test(`that nobody uses cost next to nothing, and find new leaders when a node ${what}`, async () => {
      const scene = new Scene(5)
      await scene.startAll()
      await scene.create('orders', 60)
      await scene.simulation.run({ forMs: 3000 })
      const before = scene.simulation.events
      await scene.simulation.run({ forMs: 10_000 })
      const perSecond = (scene.simulation.events - before) / 10
      assert.ok(perSecond < 1500, `${perSecond} events in a second`)
      strike(scene.simulation.machine('n2'), scene)
      scene.nodes.delete('n2')
      const startedMs = scene.simulation.nowMs
      for (let index = 0; index < 60; index++) {
        const leader = await scene.leader('orders', index)
        const outcome = await scene.produce(leader, 'orders', { values: ['v0.0'] }, index)
        assert.deepEqual(outcome, { kind: 'done', baseOffset: 0 })
      }
      assert.ok(scene.simulation.nowMs - startedMs < 2500, `${scene.simulation.nowMs - startedMs} ms`)
    })
  }

  test('that are removed leave nothing, and their names can be given again', async () => {
    const scene = new Scene(4)
    await scene.startAll()
    await scene.create('orders', 2)
    await scene.produce(await scene.leader('orders'), 'orders', { values: ['v0.0'] })
    assert.equal(await scene.settle(scene.contexts.get('n3')!.topics.remove('orders')), 'done')
    await scene.simulation.run({ forMs: 500 })
    for (const name of names) {
      const files = await scene.settle(scene.simulation.machine(name).host.disk.list('groups'))
      assert.deepEqual(
        files.filter((file) => Number(file) > 1000),
        [],
      )
    }
    assert.equal(await scene.create('orders', 1), 'done')
    assert.equal(scene.local(await scene.leader('orders'), 'orders').store.nextOffset, 0)
    for (const name of names) await scene.settle(scene.nodes.get(name)!.stop())
    for (const name of names) scene.simulation.machine(name).kill()
    await scene.settle(Promise.all(names.map((name) => scene.start(name, scene.simulation.machine(name).restart()))))
    assert.equal(scene.contexts.get('n1')!.topics.find('orders')!.partitions.length, 1)
    const outcome = await scene.produce(await scene.leader('orders'), 'orders', { values: ['v1.0'] })
    assert.deepEqual(outcome, { kind: 'done', baseOffset: 0 })
  })

  test('that rot on one node are fetched from another', async () => {
    const cluster = new Scene(31, { scrubMs: 500 })
    await cluster.startAll()
    await cluster.create('orders')
    const leader = await cluster.leader('orders')
    const values = Array.from({ length: 20 }, (_, i) => `v${i}.0`)
    for (const value of values) await cluster.produce(leader, 'orders', { values: [value] })
    await cluster.simulation.run({ forMs: 100 })
    const group = cluster.local(leader, 'orders').group!.id
    const rotten = names.find((name) => name !== leader)!
    for (const name of names) await cluster.settle(cluster.local(name, 'orders').flush())
    const rot = cluster.simulation
      .machine(rotten)
      .rot((path) => path.startsWith(`groups/${group}/`) && path.endsWith('.log'))
    assert.ok(rot)
    await cluster.simulation.run({ forMs: 3000 })
    const damages = names.map((name) => cluster.nodes.get(name)!.status().disk.damages)
    assert.deepEqual(
      damages,
      names.map((name) => (name === rotten ? 1 : 0)),
      rot,
    )
    assert.deepEqual(await cluster.values(rotten, 'orders'), values)
    const digests = await cluster.settle(Promise.all(names.map((name) => cluster.nodes.get(name)!.digest(group))))
    assert.equal(new Set(digests.map((digest) => JSON.stringify(digest))).size, 1)
    assert.ok(digests[0])
  })
})
