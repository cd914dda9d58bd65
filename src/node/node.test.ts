import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Simulation } from '#host/simulated/index.ts'
import { Arguments } from '#kernel/base/arguments.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import type { Host } from '#kernel/base/host.ts'
import { defineService, type ServiceContext } from '#kernel/handles/service.ts'
import type { Evaluator, EvaluatorSpec } from '#kernel/shards/evaluation.ts'
import { startNode } from './node.ts'
import type { NodeSettings, RunningNode } from './node-types.ts'
import { defaultSettings } from './settings.ts'

/** A service of one evaluator pair and no wire protocol: tests call its gateway. In version 2 there is another `set`, and `drop`. */
function cellService(version: number, onOpen: (context: ServiceContext) => void) {
  const set = (edit: (value: string) => string): Evaluator => {
    return (evaluation, args, reply) => {
      evaluation.put(args.slice(0), latin1Bytes(edit(latin1Text(args.slice(1)))))
      reply.ascii('ok')
    }
  }
  return defineService({
    name: 'cell',
    listeners: [
      {
        protocol: 'cell',
        defaultPort: 1,
        open: (connection, context) => {
          connection.handler = { data() {}, closed() {} }
          onOpen(context)
        },
      },
    ],
    spaces: [{ name: 'cell', slotCount: 16 }],
    evaluators: [
      {
        name: 'get@1',
        kind: 'read',
        run: (evaluation, args, reply) => reply.raw(evaluation.get(args.slice(0)) ?? latin1Bytes('none')),
      },
      { name: 'set@1', kind: 'write', run: set((value) => value) },
      ...(version === 1
        ? []
        : ([
            { name: 'set@2', kind: 'write', run: set((value) => value.toUpperCase()) },
            { name: 'drop@1', kind: 'write', run: (evaluation, args) => evaluation.delete(args.slice(0)) },
          ] satisfies EvaluatorSpec[])),
    ],
  })
}

const silent = { info() {}, warn() {}, error() {} }

function cluster(size: number, shards = 1, settings: Partial<NodeSettings> = {}) {
  const members = Array.from({ length: size }, (_, i) => ({
    name: `n${i + 1}`,
    zone: 'a',
    peer: { host: `n${i + 1}`, port: 7800 },
  }))
  const contexts = new Map<string, ServiceContext>()
  const start = async (name: string, host: Host, version = 1): Promise<RunningNode> => {
    const node = await startNode({
      host,
      name,
      members,
      bootstrap: { clusterId: 'c', shards },
      services: [cellService(version, (context) => contexts.set(name, context))],
      protocolVersions: { min: 1, max: version },
      listen: { cell: { host: name, port: 1 } },
      settings: { ...defaultSettings, ...settings },
      log: silent,
    })
    await new Promise<void>((resolve, reject) => {
      const connection = host.network.connect(
        { host: name, port: 1 },
        { data() {}, opened: () => connection.end(), closed: (error) => (error ? reject(error) : resolve()) },
      )
    })
    return node
  }
  /** Calls of one session, all at once. */
  const pipeline = (name: string, calls: readonly (readonly [string, ...string[]])[]) => {
    const session = contexts.get(name)!.gateway.openSession()
    return Promise.all(
      calls.map(
        ([evaluator, ...args]) =>
          new Promise<string>((resolve, reject) => {
            const reply = new ByteWriter()
            const submission = { space: 'cell', slot: 3, evaluator, args: Arguments.of(...args.map(latin1Bytes)) }
            const pending = {
              replied: (bytes: Uint8Array) => resolve(latin1Text(bytes)),
              failed: (reason: string) => reject(new Error(reason)),
            }
            if (session.submit(submission, reply, pending)) resolve(latin1Text(reply.view()))
          }),
      ),
    )
  }
  const call = async (name: string, ...call: [string, ...string[]]) => (await pipeline(name, [call]))[0]
  return { members, start, call, pipeline }
}

test('three nodes form a cluster, and a write at one is read at another', async () => {
  const simulation = new Simulation({ seed: 1 })
  const { members, start, call } = cluster(3)
  const nodes = await simulation.complete(
    Promise.all(members.map(({ name }) => start(name, simulation.machine(name).host))),
  )
  assert.equal(await simulation.complete(call('n2', 'set', '\0\u0003k', 'v')), 'ok')
  assert.equal(await simulation.complete(call('n3', 'get', '\0\u0003k')), 'v')
  assert.equal(nodes[0]!.status().shards.length, 2)
})

test('nodes of two versions call what all of them know, and in the new version what is new in it', async () => {
  const simulation = new Simulation({ seed: 9 })
  const { members, start, call } = cluster(3)
  const names = members.map(({ name }) => name)
  const nodes = await simulation.complete(Promise.all(names.map((name) => start(name, simulation.machine(name).host))))
  const isSeenAs = async (expected: string) => {
    await simulation.run({ forMs: 500 })
    for (const name of names) {
      await simulation.complete(call(name, 'set', '\0\u0003k', `from ${name}`))
      assert.equal(await simulation.complete(call(name, 'get', '\0\u0003k')), expected.replace('NAME', name))
    }
  }
  const change = async (at: number, version: number) => {
    const machine = simulation.machine(names[at]!)
    await simulation.complete(nodes[at]!.stop())
    machine.kill()
    nodes[at] = await simulation.complete(start(names[at]!, machine.restart(), version))
  }
  await change(0, 2)
  await isSeenAs('from NAME')
  await assert.rejects(simulation.complete(call('n1', 'drop', '\0\u0003k')), /UNSUPPORTED/)
  await change(1, 2)
  await isSeenAs('from NAME')
  await change(2, 2)
  await simulation.run({ forMs: 500 })
  await simulation.complete(call('n2', 'set', '\0\u0003k', 'new'))
  assert.equal(await simulation.complete(call('n3', 'get', '\0\u0003k')), 'NEW')
  assert.equal(await simulation.complete(call('n3', 'drop', '\0\u0003k')), '')
  await change(0, 1)
  await isSeenAs('from NAME')
})

test('a node that missed more than the logs hold takes in a snapshot, and later leads with all of it', async () => {
  const simulation = new Simulation({ seed: 2 })
  const { members, start, call } = cluster(3, 1, { memoryTableBytes: 4096 })
  await simulation.complete(Promise.all(members.map(({ name }) => start(name, simulation.machine(name).host))))
  simulation.machine('n3').kill()
  for (let i = 0; i < 300; i++) {
    await simulation.complete(call('n1', 'set', `\0\u0003k${i}`, 'x'.repeat(200)))
  }
  const node = await simulation.complete(start('n3', simulation.machine('n3').restart()))
  await simulation.run({ forMs: 3000 })
  const shard = node.status().shards.find(({ space }) => space === 'cell')!
  assert.ok(shard.flushedIndex > 200, `flushed to ${shard.flushedIndex}`)
  simulation.machine('n1').kill()
  for (let i = 0; i < 300; i += 50) {
    assert.equal(await simulation.complete(call('n3', 'get', `\0\u0003k${i}`)), 'x'.repeat(200))
  }
})

test('leadership follows the requests, and none of them fails', async () => {
  const simulation = new Simulation({ seed: 3 })
  const { members, start, call } = cluster(3)
  const nodes = await simulation.complete(
    Promise.all(members.map(({ name }) => start(name, simulation.machine(name).host))),
  )
  const leader = () => nodes[0]!.status().shards.find(({ space }) => space === 'cell')!.leader
  assert.equal(leader(), 'n1')
  for (let i = 0; i < 10_000 && leader() !== 'n2'; i++) {
    await simulation.complete(call('n2', 'set', '\0\u0003k', `${i}`))
  }
  assert.equal(leader(), 'n2')
})

test('reads that trust no clock are confirmed by a majority, and come in order with the writes of their session', async () => {
  const simulation = new Simulation({ seed: 4 })
  const { members, start, pipeline } = cluster(3, 1, { reads: 'read-index' })
  await simulation.complete(Promise.all(members.map(({ name }) => start(name, simulation.machine(name).host))))
  for (const name of ['n1', 'n2']) {
    const replies = await simulation.complete(
      pipeline(name, [
        ['set', '\0\u0003k', '1'],
        ['get', '\0\u0003k'],
        ['set', '\0\u0003k', '2'],
        ['get', '\0\u0003k'],
      ]),
    )
    assert.deepEqual(replies, ['ok', '1', 'ok', '2'])
    const again = await simulation.complete(
      pipeline(name, [
        ['get', '\0\u0003k'],
        ['set', '\0\u0003k', '3'],
        ['get', '\0\u0003k'],
      ]),
    )
    assert.deepEqual(again, ['2', 'ok', '3'])
  }
})

test('a replica whose tables are damaged keeps its vote, fetches them from another node, and can lead again', async () => {
  const simulation = new Simulation({ seed: 5 })
  const { members, start, call } = cluster(3, 1, { memoryTableBytes: 4096 })
  await simulation.complete(Promise.all(members.map(({ name }) => start(name, simulation.machine(name).host))))
  for (let i = 0; i < 200; i++) await simulation.complete(call('n1', 'set', `\0\u0003k${i}`, 'x'.repeat(200)))
  simulation.machine('n2').kill()
  const host = simulation.machine('n2').restart()
  await simulation.complete(
    (async () => {
      const file = await host.disk.open('groups/2/g1/manifest', { create: false })
      const bytes = await file.read(0, file.size)
      bytes[bytes.length >> 1]! ^= 1
      await file.write(0, bytes)
      await file.close()
    })(),
  )
  await simulation.complete(start('n2', host))
  await simulation.run({ forMs: 2000 })
  simulation.machine('n1').kill()
  simulation.machine('n3').kill()
  const n3 = await simulation.complete(start('n3', simulation.machine('n3').restart()))
  for (let i = 0; i < 5000 && leader() !== 'n2'; i++) {
    assert.equal(await simulation.complete(call('n2', 'get', `\0\u0003k${i % 200}`)), 'x'.repeat(200))
  }
  assert.equal(leader(), 'n2')
  assert.equal(await simulation.complete(call('n2', 'get', '\0\u0003k7')), 'x'.repeat(200))
  function leader() {
    return n3.status().shards.find(({ space }) => space === 'cell')!.leader
  }
})

suite('with a disk that fails', () => {
  /** Three nodes with 200 rows in files and in memory. */
  async function filled(seed: number) {
    const simulation = new Simulation({ seed })
    const made = cluster(3, 1, { memoryTableBytes: 4096, requestHoldMs: 2000, scrubMs: 1000 })
    const names = made.members.map(({ name }) => name)
    const started = names.map((name) => made.start(name, simulation.machine(name).host))
    const nodes = await simulation.complete(Promise.all(started))
    const write = (name: string, i: number) =>
      simulation.complete(made.call(name, 'set', `\0\u0003k${i}`, 'x'.repeat(200)).catch((error) => error.message))
    for (let i = 0; i < 200; i++) assert.equal(await write('n1', i), 'ok')
    const leader = () => nodes[1]!.status().shards.find(({ space }) => space === 'cell')!.leader
    const digests = () => simulation.complete(Promise.all(nodes.map((node) => node.digest(2))))
    return { ...made, simulation, nodes, write, leader, digests }
  }

  test('replicas have the same digest', async () => {
    const { simulation, digests } = await filled(10)
    await simulation.run({ forMs: 500 })
    const [first, ...others] = await digests()
    assert.ok(first && first.index > 200)
    assert.deepEqual(others, [first, first])
  })

  test('a leader whose disk is full hands over to one that has room, and nothing is lost', async () => {
    const { simulation, write, leader, call } = await filled(11)
    assert.equal(leader(), 'n1')
    simulation.machine('n1').limitDisk(0)
    for (let i = 0; i < 2000 && leader() === 'n1'; i++) await write('n1', i)
    assert.notEqual(leader(), 'n1')
    assert.equal(await write('n1', 5000), 'ok')
    assert.equal(await simulation.complete(call('n1', 'get', '\0\u0003k5000')), 'x'.repeat(200))
  })

  test('a leader whose disk is full does not stand in the way of one that was just started again', async () => {
    for (let seed = 20; seed < 26; seed++) {
      const { simulation, nodes, write, start, leader } = await filled(seed)
      simulation.machine('n1').kill()
      for (let i = 0; i < 50 && (leader() ?? 'n1') === 'n1'; i++) await simulation.run({ forMs: 50 })
      const full = leader()!
      const other = full === 'n2' ? 'n3' : 'n2'
      simulation.machine(full).limitDisk(0)
      await simulation.run({ forMs: 1000 })
      nodes[0] = await simulation.complete(start('n1', simulation.machine('n1').restart()))
      const startedMs = simulation.nowMs
      while ((await write(other, 1)) !== 'ok' && simulation.nowMs - startedMs < 10_000)
        await simulation.run({ forMs: 10 })
      assert.ok(simulation.nowMs - startedMs < 3000, `seed ${seed}: ${simulation.nowMs - startedMs} ms`)
    }
  })

  test('with all disks full writes are refused and reads answered; with room writes go on', async () => {
    const { simulation, write, call, members } = await filled(12)
    for (const { name } of members) simulation.machine(name).limitDisk(0)
    const answers = new Set<string | undefined>()
    for (let i = 0; i < 2000 && !answers.has('DISK_FULL'); i++) {
      answers.add(await write('n1', i))
    }
    assert.ok(answers.has('DISK_FULL'), [...answers].join())
    assert.equal(await simulation.complete(call('n1', 'get', '\0\u0003k7')), 'x'.repeat(200))
    for (const { name } of members) simulation.machine(name).limitDisk()
    await simulation.run({ forMs: 1000 })
    assert.equal(await write('n1', 1), 'ok')
  })

  for (const holder of ['n1', 'n2']) {
    test(`rot in the tables of ${holder === 'n1' ? 'the leader' : 'a follower'} is found and repaired from another node`, async () => {
      const { simulation, nodes, digests } = await filled(13)
      await simulation.run({ forMs: 1500 }) // until nothing is merged any more
      while (simulation.machine(holder).rot((path) => path.endsWith('.table')) === undefined);
      await simulation.run({ forMs: 2000 })
      assert.equal(nodes[Number(holder.slice(1)) - 1]!.status().disk.damages, 1)
      let repaired = false
      for (let tries = 0; tries < 40 && !repaired; tries++) {
        await simulation.run({ forMs: 500 })
        const found = await digests()
        repaired = found.every((digest) => digest !== undefined && digest.digest === found[0]!.digest)
      }
      assert.ok(repaired)
    })
  }
})
