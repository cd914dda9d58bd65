import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Simulation } from '#host/simulated/index.ts'
import { createRandom } from '#kernel/base/random.ts'
import { never, type Rarely } from '#kernel/base/rarely.ts'
import { type OpenedNodeLog, openNodeLog } from './node-log.ts'

const segmentBytes = 32 << 10

/** A log on a simulated machine, with what it has told. */
class Witnessed {
  readonly simulation: Simulation
  readonly full: boolean[] = []
  readonly failures: Error[] = []
  log!: OpenedNodeLog
  #index = 0

  constructor(seed: number) {
    this.simulation = new Simulation({ seed })
  }

  get machine() {
    return this.simulation.machine('a')
  }

  async open(rarely: Rarely = never): Promise<void> {
    const { disk, clock, random } = this.machine.host
    this.log = await this.simulation.complete(
      openNodeLog({
        ...{ disk, clock, random, directory: 'log', segmentBytes, rarely },
        events: {
          synced: () => {},
          full: (isFull) => this.full.push(isFull),
          failed: (error) => this.failures.push(error),
        },
      }),
    )
    this.#index = this.entries.at(-1) ?? 0
  }

  get entries(): number[] {
    return this.log.recovered.get(1)?.entries.map(({ index }) => index) ?? []
  }

  /** @returns the batch */
  append(bytes: number): number {
    this.#index++
    const data = createRandom(this.#index).bytes(bytes)
    const batch = this.log.appendEntries(1, [{ index: this.#index, term: 1, kind: 2, data }])
    this.log.flush()
    return batch
  }

  get written(): number {
    return this.#index
  }

  async synced(batch: number, forMs: number): Promise<boolean> {
    await this.simulation.run({ until: () => this.log.syncedBatch >= batch, forMs })
    return this.log.syncedBatch >= batch
  }
}

test('what finds no room waits, and is written once there is some', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const node = new Witnessed(seed)
    await node.open()
    node.machine.limitDisk(createRandom(seed).below(100_000))
    while (await node.synced(node.append(3000), 1000)) assert.ok(node.written < 100)
    assert.equal(node.full.at(-1), true)
    const batch = node.append(100)
    node.machine.limitDisk()
    assert.ok(await node.synced(batch, 1000))
    assert.equal(node.full.at(-1), false)
    assert.deepEqual(node.failures, [])
    node.machine.powerLoss()
    node.machine.restart()
    await node.open()
    assert.deepEqual(
      node.entries,
      Array.from({ length: node.entries.length }, (_, i) => i + 1),
    )
    assert.ok(node.log.syncedBatch >= batch)
  }
})

test('a next segment that finds no room, and then some, is told though nothing is written', async () => {
  const node = new Witnessed(1)
  let refusals = 2
  await node.open((point) => point === 'log.noRoom' && refusals-- > 0)
  assert.ok(await node.synced(node.append(segmentBytes / 2), 1000))
  await node.simulation.run({ forMs: 2000 })
  assert.deepEqual(node.full, [true, true, false])
})

test('a log that waits for room can be closed, and keeps what was synced', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const node = new Witnessed(seed)
    await node.open()
    const safe = node.append(3000)
    assert.ok(await node.synced(safe, 1000))
    const kept = node.written
    node.machine.limitDisk(0)
    for (let i = 0; i < 30; i++) node.append(3000)
    await node.simulation.run({ forMs: 300 })
    assert.ok(node.full.length > 0)
    await node.simulation.complete(node.log.close(), 2000)
    node.machine.powerLoss()
    node.machine.limitDisk()
    node.machine.restart()
    await node.open()
    assert.ok(node.entries.length >= kept)
  }
})

test('a write or sync that fails ends the log', async () => {
  for (const operation of ['write', 'sync'] as const) {
    const node = new Witnessed(1)
    await node.open()
    node.machine.failDisk({ read: 0, write: 0, sync: 0, directory: 0, [operation]: 1 })
    const batch = node.append(100)
    assert.equal(await node.synced(batch, 1000), false)
    assert.equal(node.failures.length, 1)
    await node.simulation.complete(node.log.close(), 1000)
  }
})
