import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ClusterProcess } from '../testing/cluster-process.ts'
import { CountingLoad } from '../testing/counting-load.ts'
import { TestClient } from '../testing/test-client.ts'
import { until } from '../testing/until.ts'

suite('three processes', { timeout: 180_000 }, () => {
  let data = ''
  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'unum-failover-'))
  })
  afterEach(() => rmSync(data, { recursive: true, force: true, maxRetries: 20 }))

  /** The load goes on: so many more writes are acknowledged. */
  const progress = (load: CountingLoad, writes: number) => {
    const from = load.writes
    return until(`${writes} more writes`, () => load.writes >= from + writes)
  }

  test('keep every acknowledged write through kill -9 of each node under load, and a restart of all', async () => {
    await using cluster = await ClusterProcess.start(data)
    {
      using writer = await TestClient.connect(cluster.endpoint('n1'))
      using reader = await TestClient.connect(cluster.endpoint('n3'))
      for (let i = 0; i < 50; i++) {
        assert.equal(await writer.send('SET', 'seen', String(i)), 'OK')
        assert.equal(await reader.send('GET', 'seen'), `"${i}"`)
      }
    }
    const load = new CountingLoad(cluster, { writers: 6, readers: 3 })
    try {
      await progress(load, 300)
      for (const { name } of cluster.nodes) {
        process.kill(cluster.pidOf(name), 'SIGKILL')
        await progress(load, 300)
        await until(`${name} to be back`, () => cluster.eventsOf(name, 'back').length === 1)
        await progress(load, 300)
      }
      // The one that leads, whoever it is by now.
      const leader = await cluster.leader()
      process.kill(cluster.pidOf(leader), 'SIGKILL')
      await progress(load, 300)
      await until(`${leader} to be back`, () => cluster.eventsOf(leader, 'back').length === 2)
    } finally {
      await load.stop()
    }
    assert.deepEqual(load.staleReads, [])
    for (const { name } of cluster.nodes) assert.deepEqual(await load.lostAt(cluster.endpoint(name)), [], name)
    assert.equal(await cluster.stop(), 0)

    await using again = await ClusterProcess.start(data)
    for (const { name } of again.nodes) assert.deepEqual(await load.lostAt(again.endpoint(name)), [], name)
  })

  test('keep their word when the leader stands still for a second and then goes on', async () => {
    await using cluster = await ClusterProcess.start(data)
    const load = new CountingLoad(cluster, { writers: 6, readers: 4 })
    try {
      await progress(load, 300)
      for (let round = 0; round < 2; round++) {
        const paused = await cluster.leader()
        process.kill(cluster.pidOf(paused), 'SIGSTOP')
        try {
          await sleep(1000) // the fault itself
        } finally {
          process.kill(cluster.pidOf(paused), 'SIGCONT')
        }
        await progress(load, 500)
      }
    } finally {
      await load.stop()
    }
    assert.deepEqual(load.staleReads, [])
    assert.ok(load.reads > 100, `${load.reads} reads`)
    for (const { name } of cluster.nodes) assert.deepEqual(await load.lostAt(cluster.endpoint(name)), [], name)
    assert.deepEqual(cluster.events, [])
  })
})
