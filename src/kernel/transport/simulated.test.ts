import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Simulation } from '#host/simulated/index.ts'
import type { Host, Random } from '#kernel/base/host.ts'
import { createRandom } from '#kernel/base/random.ts'
import type { BulkReader } from './bulk/bulk-types.ts'
import type { Transport } from './index.ts'
import { openTransport } from './index.ts'

/**
 * Three nodes on the simulated host, each talking to each other in every way, while processes are killed, powered off and paused, links
 * cut one way or both, connections reset. Judged by what was sent and what arrived.
 */
const names = ['n1', 'n2', 'n3']
const channel = 1

interface Tally {
  messages: number
  answered: number
  unknown: number
  unavailable: number
  bulkDone: number
  bulkFailed: number
}

class Cluster {
  readonly simulation: Simulation
  readonly random: Random
  readonly transports = new Map<number, Transport>()
  readonly tally: Tally = { messages: 0, answered: 0, unknown: 0, unavailable: 0, bulkDone: 0, bulkFailed: 0 }
  /** Last message number that a receiving process took from a sending process. */
  readonly #last = new Map<string, number>()
  /** Requests that reached their handler. */
  readonly #served = new Set<number>()
  #starts = 0
  #requests = 0

  constructor(seed: number) {
    this.random = createRandom(`harness ${seed}`)
    const { random } = this
    this.simulation = new Simulation({
      seed,
      network: {
        splitChance: random.float(),
        windowBytes: 1 << (10 + random.below(9)),
        lossChance: random.float() * 0.01,
        resetAfterStallChance: random.float(),
      },
    })
  }

  async start(id: number, host: Host): Promise<void> {
    const started = ++this.#starts
    const peers = names.map((name, i) => ({ id: i + 1, name, address: { host: name, port: 7000 } }))
    const self = peers[id - 1]!
    const { clock, network, random } = host
    const transport = await openTransport({
      ...{ clock, network, random, peers, self, clusterId: 'c1', listen: self.address },
      protocolVersions: { min: 1, max: 1 },
      log: { info() {}, warn() {} },
    })
    transport.register(channel, (_from, bytes) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset)
      const path = `${view.getUint32(0)} to ${started}`
      const number = view.getUint32(4)
      assert.ok(
        number > (this.#last.get(path) ?? -1),
        `message ${number} of ${path} comes after ${this.#last.get(path)}`,
      )
      this.#last.set(path, number)
      this.tally.messages++
    })
    transport.serve(channel, (request) => {
      const number = new DataView(request.bytes.buffer, request.bytes.byteOffset).getUint32(0)
      assert.ok(!this.#served.has(number), 'a request is served once')
      this.#served.add(number)
      clock.timer(this.random.below(30), () => request.reply((writer) => writer.uint32Be(number + 1)))
    })
    transport.onBulk(channel, async (stream: BulkReader) => {
      let at = 0
      for (let chunk = await stream.read(); chunk; chunk = await stream.read()) {
        for (let i = 0; i < chunk.length; i++, at++) {
          if (chunk[i] !== ((stream.meta[0]! + at) & 0xff)) assert.fail(`byte ${at} was altered`)
        }
        if (this.random.below(4) === 0) await clock.sleep(this.random.below(20))
      }
    })
    this.transports.set(id, transport)
    this.#talk(id, transport, host, started)
  }

  #talk(id: number, transport: Transport, host: Host, started: number): void {
    let number = 0
    const others = names.map((_, i) => i + 1).filter((other) => other !== id)
    const round = () => {
      for (const to of others) {
        for (let i = this.random.below(4); i > 0; i--) {
          const writer = transport.begin(to, channel)
          if (!writer) continue
          writer.uint32Be(started)
          writer.uint32Be(number++)
          writer.raw(new Uint8Array(this.random.below(10) === 0 ? this.random.below(20_000) : 20))
          transport.finish(to)
        }
        if (this.random.below(3) === 0) this.ask(transport, to)
        if (this.random.below(100) === 0) void this.#sendBulk(transport, to)
      }
      host.clock.timer(1 + this.random.below(30), round)
    }
    round()
  }

  ask(transport: Transport, to: number): { outcome: string | undefined } {
    const number = this.#requests++
    const asked: { outcome: string | undefined } = { outcome: undefined }
    const settle = (outcome: string) => {
      assert.equal(asked.outcome, undefined, 'one outcome')
      asked.outcome = outcome
    }
    const timeoutMs = 5 + this.random.below(100)
    transport.request(
      to,
      channel,
      (writer) => writer.uint32Be(number),
      { timeoutMs },
      {
        replied: (bytes) => {
          settle('answered')
          this.tally.answered++
          assert.equal(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0), number + 1)
        },
        failed: ({ code }) => {
          settle(code)
          if (code === 'OUTCOME_UNKNOWN') this.tally.unknown++
          else {
            assert.equal(code, 'UNAVAILABLE')
            assert.ok(!this.#served.has(number), 'what was certainly not done did not arrive')
            this.tally.unavailable++
          }
        },
      },
    )
    return asked
  }

  async #sendBulk(transport: Transport, to: number): Promise<void> {
    const first = this.random.below(256)
    const length = this.random.below(400_000)
    const writer = transport.openBulk(to, channel, Uint8Array.of(first))
    try {
      for (let at = 0; at < length; ) {
        const count = Math.min(length - at, 1 + this.random.below(300_000))
        const bytes = new Uint8Array(count)
        for (let i = 0; i < count; i++) bytes[i] = first + at + i
        await writer.write(bytes)
        at += count
      }
      await writer.end()
      this.tally.bulkDone++
    } catch {
      this.tally.bulkFailed++
    }
  }

  /** One fault now and its end some time later. */
  disturb(): void {
    const { simulation, random } = this
    const id = 1 + random.below(3)
    const machine = simulation.machine(names[id - 1]!)
    const forMs = random.below(4) === 0 ? random.below(4000) : random.below(400)
    const other = names[(id + random.below(2)) % 3]!
    switch (random.below(5)) {
      case 0:
      case 1:
        if (!machine.isAlive) return
        if (random.below(2) === 0) machine.kill()
        else machine.powerLoss()
        this.transports.delete(id)
        simulation.at(forMs, () => void this.start(id, machine.restart()))
        return
      case 2:
        machine.pause()
        simulation.at(forMs, () => machine.resume())
        return
      case 3:
        if (random.below(2) === 0) simulation.cut([machine.name], [other])
        else simulation.partition([machine.name], names)
        simulation.at(forMs, () => simulation.heal())
        return
      case 4:
        simulation.resetConnections(machine.name, other)
        return
    }
  }
}

async function run(seed: number, faults: number): Promise<Cluster> {
  const cluster = new Cluster(seed)
  const { simulation } = cluster
  for (const [i, name] of names.entries()) void cluster.start(i + 1, simulation.machine(name).host)
  for (let i = 0; i < faults; i++) {
    await simulation.run({ forMs: cluster.random.below(600) })
    cluster.disturb()
  }
  // All faults end by themselves; then everybody must find everybody.
  await simulation.run({ forMs: 7500 })
  for (const [id, transport] of cluster.transports) {
    for (const { id: to, connected } of transport.status())
      assert.ok(connected, `seed ${seed}: node ${id} and node ${to}`)
  }
  assert.equal(cluster.transports.size, 3)
  return cluster
}

test('under crashes, pauses, cuts and resets nothing is misordered, doubled, altered or undecided; then all are connected', async () => {
  const total: Tally = { messages: 0, answered: 0, unknown: 0, unavailable: 0, bulkDone: 0, bulkFailed: 0 }
  for (let seed = 1; seed <= 5; seed++) {
    const { tally } = await run(seed, 12)
    for (const [name, count] of Object.entries(tally)) total[name as keyof Tally] += count
  }
  for (const [name, count] of Object.entries(total))
    assert.ok(count > 5, `${name}: ${count}, each should have happened`)
})

test('the same seed is the same run', async () => {
  const first = await run(3, 4)
  const second = await run(3, 4)
  assert.equal(first.simulation.traceHash, second.simulation.traceHash)
  assert.deepEqual(first.tally, second.tally)
})
