import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { ClusterProcess } from '../testing/cluster-process.ts'
import { ask } from '../testing/test-client.ts'

const launcher = join(import.meta.dirname, '../../../bin/unum.js')

suite('unum up refuses', { timeout: 120_000 }, () => {
  let data = ''
  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'unum-refusals-'))
  })
  afterEach(() => rmSync(data, { recursive: true, force: true, maxRetries: 20 }))

  const run = (...flags: readonly string[]) =>
    spawnSync(process.execPath, [launcher, 'up', '--data', data, ...flags], { encoding: 'utf8', timeout: 60_000 })

  test('ports that are in use, and says by whom and which flag helps', async () => {
    const server = createServer()
    server.listen(7701, '127.0.0.1')
    await Promise.race([once(server, 'listening'), once(server, 'error')]) // in use by another: as good
    const { status, stderr } = run()
    server.close()
    assert.equal(status, 1)
    assert.match(stderr, /port 7701 \(admin of n2\) is in use by .*--ports auto/s)
  })

  test('what it does not know, with a hint', () => {
    for (const [flags, message] of [
      [['--shard', '2'], /unknown option '--shard'/],
      [['--nodes', '8'], /Want an integer from 1 to 7/],
      [['--nodes', 'three'], /Want an integer from 1 to 7/],
      [['--ports', 'some'], /Allowed choices are standard, auto/],
      [['--nodes'], /argument missing/],
      [['extra'], /too many arguments/],
    ] as const) {
      const { status, stderr } = run(...flags)
      assert.equal(status, 1, flags.join(' '))
      assert.match(stderr, message)
    }
  })

  test('a node whose data is damaged: it stays down and says why, and the others go on with everything', async () => {
    {
      await using cluster = await ClusterProcess.start(data)
      assert.equal(await ask(cluster.endpoint('n1'), 'SET', 'a', '1'), 'OK')
      assert.equal(await cluster.stop(), 0)
    }
    truncateSync(join(data, 'n2/data/identity'), 10)
    await using cluster = await ClusterProcess.start(data)
    assert.deepEqual(
      cluster.nodes.map(({ name }) => name),
      ['n1', 'n3'],
    )
    const [ended, ...more] = cluster.events
    assert.deepEqual([ended!.event, ended!.name, ended!.restartInMs, more], ['ended', 'n2', undefined, []])
    assert.match(ended!.reason ?? '', /"identity": it is not JSON/)
    assert.match(cluster.errors, /n2 .*"identity".*it stays down/)
    assert.equal(await ask(cluster.endpoint('n3'), 'GET', 'a'), '"1"')
    assert.equal(await ask(cluster.endpoint('n3'), 'SET', 'a', '2'), 'OK')
    assert.equal(await cluster.stop(), 0)
  })

  for (const [lost, reason] of [
    ['n3/data', /disk is empty/],
    ['n3/data/log', /log is empty/],
  ] as const) {
    test(`a node that has lost ${lost}, once the cluster was formed: it would vote again`, async () => {
      {
        await using cluster = await ClusterProcess.start(data)
        assert.equal(await ask(cluster.endpoint('n1'), 'SET', 'a', '1'), 'OK')
        assert.equal(await cluster.stop(), 0)
      }
      rmSync(join(data, lost), { recursive: true })
      await using cluster = await ClusterProcess.start(data)
      const [ended, ...more] = cluster.eventsOf('n3', 'ended')
      assert.match(ended?.reason ?? '', reason)
      assert.deepEqual([ended!.restartInMs, more], [undefined, []])
      assert.equal(await ask(cluster.endpoint('n2'), 'GET', 'a'), '"1"')
      assert.equal(await cluster.stop(), 0)
    })
  }

  test('to start at all where no majority can be had, and says why', async () => {
    {
      await using cluster = await ClusterProcess.start(data)
      assert.equal(await cluster.stop(), 0)
    }
    for (const node of ['n1', 'n2']) writeFileSync(join(data, node, 'data/identity'), '')
    const { status, stderr } = run('--ports', 'auto')
    assert.equal(status, 1)
    assert.match(stderr, /n1 .*"identity"/)
    assert.match(stderr, /n2 .*"identity"/)
    assert.match(stderr, /the cluster did not start/)
  })
})
