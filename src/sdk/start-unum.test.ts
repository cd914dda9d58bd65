import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { parseAddress } from '#cli/address.ts'
import { ask, TestClient } from '#cli/testing/test-client.ts'
import { until } from '#cli/testing/until.ts'
import { UnumError } from '#kernel/base/errors.ts'
import { startUnum } from './index.ts'

const refused = (code: string, text: RegExp) => (error: unknown) => {
  assert.ok(error instanceof UnumError)
  assert.equal(error.code, code)
  assert.match(error.message, text)
  return true
}

/** What comes back on a connection of its own: up to `length` bytes, an error, or what there was before it broke. */
function exchange(endpoint: string, commands: string, length: number): Promise<Buffer> {
  const socket = connect({ ...parseAddress(endpoint), noDelay: true })
  const chunks: Buffer[] = []
  let received = 0
  socket.write(commands)
  socket.on('error', () => {}) // `close` follows
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    received += chunk.length
    if (received >= length || chunk[0] === 0x2d) socket.destroy()
  })
  return new Promise((resolve) => void socket.on('close', () => resolve(Buffer.concat(chunks))))
}

suite('startUnum', { timeout: 120_000 }, () => {
  test('gives one node in memory, which any client can reach, and nothing is left after it', async () => {
    const unum = await startUnum()
    assert.deepEqual(unum.nodes, ['n1'])
    const endpoint = unum.endpoint('redis')
    assert.match(endpoint, /^127\.0\.0\.1:\d+$/)
    assert.equal(unum.endpoint('redis', 'n1'), endpoint)
    assert.equal(await ask(endpoint, 'SET', 'a', '1'), 'OK')
    assert.equal(await ask(endpoint, 'GET', 'a'), '"1"')
    assert.equal(unum.status().node, 'n1')
    await unum.stop()
    await unum.stop()
    await assert.rejects(ask(endpoint, 'PING'))
    await using another = await startUnum()
    assert.equal(await ask(another.endpoint('redis'), 'GET', 'a'), '(nil)')
  })

  test('gives clusters side by side that know nothing of each other', async () => {
    await using first = await startUnum()
    await using second = await startUnum()
    assert.notEqual(first.endpoint('redis'), second.endpoint('redis'))
    assert.equal(await ask(first.endpoint('redis'), 'SET', 'a', '1'), 'OK')
    assert.equal(await ask(second.endpoint('redis'), 'GET', 'a'), '(nil)')
  })

  test('gives three nodes that are one computer; one that was stopped comes back with its data on its port', async () => {
    await using unum = await startUnum({ nodes: 3 })
    const [first, second, third] = unum.nodes.map((node) => unum.endpoint('redis', node)) as [string, string, string]
    assert.equal(await ask(first, 'SET', 'a', '1'), 'OK')
    assert.equal(await ask(third, 'GET', 'a'), '"1"')
    for (const node of unum.nodes) {
      await unum.stopNode(node)
      await unum.stopNode(node)
      assert.throws(() => unum.endpoint('redis', node), refused('CONFIGURATION_INVALID', new RegExp(node)))
      const others = unum.nodes.filter((name) => name !== node).map((name) => unum.endpoint('redis', name))
      assert.match(await ask(others[0]!, 'INCR', 'a'), /integer/)
      assert.match(await ask(others[1]!, 'INCR', 'a'), /integer/)
      await unum.startNode(node)
      await unum.startNode(node)
    }
    assert.deepEqual(
      unum.nodes.map((node) => unum.endpoint('redis', node)),
      [first, second, third],
    )
    for (const endpoint of [first, second, third]) assert.equal(await ask(endpoint, 'GET', 'a'), '"7"')
  })

  test('answers through any node also where more is asked for at once than the queue between two nodes holds', async () => {
    await using unum = await startUnum({ nodes: 3 })
    const value = 'x'.repeat(7 << 20)
    assert.equal(await ask(unum.endpoint('redis'), 'SET', 'a', value), 'OK')
    const expected = Buffer.from(`$${value.length}\r\n${value}\r\n`.repeat(2))
    for (const node of unum.nodes) {
      const endpoint = unum.endpoint('redis', node)
      const replies = await Promise.all(
        Array.from({ length: 8 }, () => exchange(endpoint, 'GET a\r\nGET a\r\n', expected.length)),
      )
      for (const reply of replies) assert.ok(reply.equals(expected), reply.toString('latin1', 0, 100))
    }
  })

  test('keeps memory disks: all nodes can be stopped and started again', async () => {
    await using unum = await startUnum({ nodes: 3, shards: 4 })
    assert.equal(await ask(unum.endpoint('redis'), 'SET', 'a', '1'), 'OK')
    for (const node of unum.nodes) await unum.stopNode(node)
    assert.throws(() => unum.endpoint('redis'), refused('CONFIGURATION_INVALID', /running node/))
    assert.throws(() => unum.status(), refused('CONFIGURATION_INVALID', /status/))
    await Promise.all(unum.nodes.map((node) => unum.startNode(node)))
    assert.equal(await ask(unum.endpoint('redis', 'n2'), 'GET', 'a'), '"1"')
    assert.equal(unum.status().shards.filter(({ space }) => space === 'redis').length, 4)
  })

  test('cuts links: a minority neither acknowledges nor reads, the majority goes on; healed, all agree', async () => {
    await using unum = await startUnum({ nodes: 3, settings: { requestHoldMs: 60_000 } })
    const leader = () => unum.status().shards.find(({ space }) => space === 'redis')!.leader!
    await ask(unum.endpoint('redis'), 'SET', 'a', 'old')
    const minority = leader()
    const majority = unum.nodes.filter((node) => node !== minority)
    using inside = await TestClient.connect(unum.endpoint('redis', minority))
    using reader = await TestClient.connect(unum.endpoint('redis', minority))
    unum.partition([minority], majority)
    const settled: string[] = []
    const write = inside.send('SET', 'b', 'from the minority').finally(() => settled.push('write'))
    // Acknowledged by the majority under a new leader, so what the minority says from now on must not be older.
    assert.equal(await ask(unum.endpoint('redis', majority[0]!), 'SET', 'a', 'new'), 'OK')
    const read = reader.send('GET', 'a').finally(() => settled.push('read'))
    for (let i = 0; i < 20; i++) {
      assert.equal(await ask(unum.endpoint('redis', majority[i % 2]!), 'SET', 'c', String(i)), 'OK')
    }
    assert.deepEqual(settled, [])
    unum.heal()
    assert.equal(await read, '"new"')
    assert.equal(await write, 'OK')
    for (const node of unum.nodes) {
      const endpoint = unum.endpoint('redis', node)
      assert.equal(await ask(endpoint, 'MGET', 'a', 'b', 'c'), '1) "new"\n2) "from the minority"\n3) "19"')
    }
    await until('all replicas to have applied the same', () => {
      const applied = unum.nodes.map((node) =>
        unum
          .status(node)
          .shards.map(({ appliedIndex }) => appliedIndex)
          .join(),
      )
      return new Set(applied).size === 1
    })
  })

  test('gives up what the minority holds after `requestHoldMs`: reads as not done, writes that were sent as unknown', async () => {
    await using unum = await startUnum({ nodes: 3, settings: { requestHoldMs: 900 } })
    await ask(unum.endpoint('redis'), 'SET', 'a', 'old')
    const minority = unum.status().shards.find(({ space }) => space === 'redis')!.leader!
    unum.partition(
      [minority],
      unum.nodes.filter((node) => node !== minority),
    )
    using writer = await TestClient.connect(unum.endpoint('redis', minority))
    const write = writer.send('SET', 'b', '1')
    await assert.rejects(write, /broke before the reply/)
    using reader = await TestClient.connect(unum.endpoint('redis', minority))
    assert.match(await reader.send('GET', 'a'), /^\(error\) /)
    unum.heal()
    await until('the node to answer again', async () => (await reader.send('GET', 'a')) === '"old"')
  })

  test('keeps data in a folder, for the next start', async () => {
    const data = mkdtempSync(join(tmpdir(), 'unum-sdk-'))
    try {
      for (let start = 1; start <= 3; start++) {
        await using unum = await startUnum({ nodes: 3, data })
        assert.equal(await ask(unum.endpoint('redis', `n${start}`), 'INCR', 'starts'), `(integer) ${start}`)
        if (start === 1) await assert.rejects(startUnum({ nodes: 3, data }), refused('CONFIGURATION_INVALID', /use/))
      }
    } finally {
      rmSync(data, { recursive: true, force: true })
    }
  })

  test('that fails at one node leaves nothing of the others', async () => {
    const data = mkdtempSync(join(tmpdir(), 'unum-sdk-'))
    try {
      {
        await using unum = await startUnum({ nodes: 2, data })
        assert.equal(await ask(unum.endpoint('redis'), 'SET', 'a', '1'), 'OK')
      }
      const identity = readFileSync(join(data, 'n2/identity'))
      writeFileSync(join(data, 'n2/identity'), '')
      // n1 alone never finds its majority: its start has to be broken off.
      await assert.rejects(startUnum({ nodes: 2, data }), refused('DATA_DAMAGED', /identity/))
      writeFileSync(join(data, 'n2/identity'), identity)
      await using unum = await startUnum({ nodes: 2, data })
      assert.equal(await ask(unum.endpoint('redis'), 'GET', 'a'), '"1"')
    } finally {
      rmSync(data, { recursive: true, force: true })
    }
  })

  test('starts a node once, however often it is asked, and breaks off a start when it is told to stop', async () => {
    await using unum = await startUnum({ nodes: 2 })
    await unum.stopNode('n1')
    await Promise.all([unum.startNode('n1'), unum.startNode('n1')])
    await unum.stopNode('n1')
    await unum.stopNode('n2')
    const start = unum.startNode('n1')
    await unum.stopNode('n1')
    await assert.rejects(start, refused('STOPPED', /n1/))
    await Promise.all([unum.startNode('n1'), unum.startNode('n2')])
    assert.equal(await ask(unum.endpoint('redis'), 'SET', 'a', '1'), 'OK')
  })

  test('says what is wrong', async () => {
    for (const nodes of [0, 8, -1, 1.5, Number.NaN]) {
      await assert.rejects(startUnum({ nodes }), refused('CONFIGURATION_INVALID', /from 1 to 7/))
    }
    await using unum = await startUnum({ nodes: 2 })
    assert.throws(() => unum.endpoint('gopher'), refused('CONFIGURATION_INVALID', /"gopher"/))
    assert.throws(() => unum.endpoint('redis', 'n9'), refused('CONFIGURATION_INVALID', /"n9": there are n1, n2/))
    assert.throws(() => unum.partition(['n1'], ['n9']), refused('CONFIGURATION_INVALID', /"n9"/))
    assert.throws(() => unum.status('n9'), refused('CONFIGURATION_INVALID', /"n9"/))
    await assert.rejects(unum.stopNode('n9'), refused('CONFIGURATION_INVALID', /"n9"/))
    await assert.rejects(unum.startNode('n9'), refused('CONFIGURATION_INVALID', /"n9"/))
  })
})
