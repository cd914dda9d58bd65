import assert from 'node:assert/strict'
import test from 'node:test'
import { Simulation } from '#host/simulated/index.ts'
import { Arguments } from '#kernel/base/arguments.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import type { Host } from '#kernel/base/host.ts'
import { defineService, type ServiceContext } from '#kernel/handles/service.ts'
import { startNode } from './node.ts'
import type { NodeSettings, RunningNode } from './node-types.ts'
import { defaultSettings } from './settings.ts'

/** A service of one evaluator pair and no wire protocol: tests call its gateway. */
function cellService(onOpen: (context: ServiceContext) => void) {
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
      {
        name: 'set@1',
        kind: 'write',
        run: (evaluation, args, reply) => {
          evaluation.put(args.slice(0), args.slice(1))
          reply.ascii('ok')
        },
      },
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
  const start = async (name: string, host: Host): Promise<RunningNode> => {
    const node = await startNode({
      host,
      name,
      members,
      bootstrap: { clusterId: 'c', shards },
      services: [cellService((context) => contexts.set(name, context))],
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
  assert.equal(await simulation.complete(call('n2', 'set@1', '\0\u0003k', 'v')), 'ok')
  assert.equal(await simulation.complete(call('n3', 'get@1', '\0\u0003k')), 'v')
  assert.equal(nodes[0]!.status().shards.length, 2)
})

test('a node that missed more than the logs hold takes in a snapshot, and later leads with all of it', async () => {
  const simulation = new Simulation({ seed: 2 })
  const { members, start, call } = cluster(3, 1, { memoryTableBytes: 4096 })
  await simulation.complete(Promise.all(members.map(({ name }) => start(name, simulation.machine(name).host))))
  simulation.machine('n3').kill()
  for (let i = 0; i < 300; i++) {
    await simulation.complete(call('n1', 'set@1', `\0\u0003k${i}`, 'x'.repeat(200)))
  }
  const node = await simulation.complete(start('n3', simulation.machine('n3').restart()))
  await simulation.run({ forMs: 3000 })
  const shard = node.status().shards.find(({ space }) => space === 'cell')!
  assert.ok(shard.flushedIndex > 200, `flushed to ${shard.flushedIndex}`)
  simulation.machine('n1').kill()
  for (let i = 0; i < 300; i += 50) {
    assert.equal(await simulation.complete(call('n3', 'get@1', `\0\u0003k${i}`)), 'x'.repeat(200))
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
    await simulation.complete(call('n2', 'set@1', '\0\u0003k', `${i}`))
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
        ['set@1', '\0\u0003k', '1'],
        ['get@1', '\0\u0003k'],
        ['set@1', '\0\u0003k', '2'],
        ['get@1', '\0\u0003k'],
      ]),
    )
    assert.deepEqual(replies, ['ok', '1', 'ok', '2'])
    const again = await simulation.complete(
      pipeline(name, [
        ['get@1', '\0\u0003k'],
        ['set@1', '\0\u0003k', '3'],
        ['get@1', '\0\u0003k'],
      ]),
    )
    assert.deepEqual(again, ['2', 'ok', '3'])
  }
})

test('a replica whose tables are damaged keeps its vote, fetches them from another node, and can lead again', async () => {
  const simulation = new Simulation({ seed: 5 })
  const { members, start, call } = cluster(3, 1, { memoryTableBytes: 4096 })
  await simulation.complete(Promise.all(members.map(({ name }) => start(name, simulation.machine(name).host))))
  for (let i = 0; i < 200; i++) await simulation.complete(call('n1', 'set@1', `\0\u0003k${i}`, 'x'.repeat(200)))
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
    assert.equal(await simulation.complete(call('n2', 'get@1', `\0\u0003k${i % 200}`)), 'x'.repeat(200))
  }
  assert.equal(leader(), 'n2')
  assert.equal(await simulation.complete(call('n2', 'get@1', '\0\u0003k7')), 'x'.repeat(200))
  function leader() {
    return n3.status().shards.find(({ space }) => space === 'cell')!.leader
  }
})
