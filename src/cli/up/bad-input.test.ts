import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, suite, test } from 'node:test'
import { createRandom } from '#kernel/base/random.ts'
import { parseAddress } from '../address.ts'
import { ClusterProcess } from '../testing/cluster-process.ts'
import { ask, TestClient } from '../testing/test-client.ts'
import { until } from '../testing/until.ts'

const MiB = 1 << 20

suite('a node that gets bad input over real connections', { timeout: 180_000 }, () => {
  let data = ''
  let cluster: ClusterProcess
  let endpoint = ''
  let pid = 0
  before(async () => {
    data = mkdtempSync(join(tmpdir(), 'unum-bad-input-'))
    cluster = await ClusterProcess.start(data, '--nodes', '1')
    endpoint = cluster.endpoint('n1')
    pid = cluster.pidOf('n1')
    assert.equal(await ask(endpoint, 'SET', 'kept', 'v'), 'OK')
  })
  after(async () => {
    assert.equal(await cluster.stop(), 0)
    rmSync(data, { recursive: true, force: true, maxRetries: 20 })
  })
  afterEach(async () => {
    assert.equal(await ask(endpoint, 'GET', 'kept'), '"v"')
    assert.deepEqual([cluster.pidOf('n1'), cluster.events], [pid, []], 'the node has not been restarted')
  })

  const residentBytes = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024
  const openFiles = () => readdirSync(`/proc/${pid}/fd`).length
  const onlyLinux = process.platform === 'linux' ? false : 'memory and files of a process are read from /proc'

  test('answers wrong types, arity and names in the words of Redis, and goes on', async () => {
    using client = await TestClient.connect(endpoint)
    const replies = await Promise.all([
      client.send('LPUSH', 'kept', 'x'),
      client.send('GET'),
      client.send('NOSUCH', 'a'),
      client.send('INCR', 'kept'),
      client.send('SET', 'kept', 'w', 'SOMETIMES'),
      client.send('GET', 'kept'),
    ])
    assert.deepEqual(replies, [
      '(error) WRONGTYPE Operation against a key holding the wrong kind of value',
      "(error) ERR wrong number of arguments for 'get' command",
      "(error) ERR unknown command 'NOSUCH', with args beginning with: 'a' ",
      '(error) ERR value is not an integer or out of range',
      '(error) ERR syntax error',
      '"v"',
    ])
  })

  const refusals: Record<string, readonly [bytes: string, error: RegExp]> = {
    'a bulk of 2 GB': ['*2\r\n$3\r\nGET\r\n$2147483648\r\n', /Protocol error: invalid bulk length/],
    'a bulk beyond the limit': [`*2\r\n$3\r\nGET\r\n$${8 * MiB + 1}\r\n`, /Protocol error: invalid bulk length/],
    'more than a million arguments': ['*1048577\r\n', /Protocol error: invalid multibulk length/],
    'a length that is none': ['*2\r\n$x\r\n', /Protocol error: invalid bulk length/],
    'something else than a bulk': ['*1\r\n:1\r\n', /Protocol error: expected '\$', got ':'/],
    'an endless line': ['x'.repeat(128 * 1024), /Protocol error: too big/],
  }
  for (const [what, [bytes, error]] of Object.entries(refusals)) {
    test(`refuses ${what} and ends the connection`, async () => {
      using client = await TestClient.connect(endpoint)
      assert.match(await client.sendRaw(bytes), error)
      await client.closed
    })
  }

  test('takes a million arguments', async () => {
    using client = await TestClient.connect(endpoint)
    const count = 1_000_000
    assert.equal(await client.sendRaw(`*${count}\r\n$6\r\nEXISTS\r\n${'$1\r\nz\r\n'.repeat(count - 1)}`), '(integer) 0')
  })

  test('ends connections of noise', async () => {
    const random = createRandom(1)
    for (let i = 0; i < 50; i++) {
      const socket = connect(parseAddress(endpoint))
      const over = new Promise((resolve) => socket.on('close', resolve))
      socket.on('error', () => {})
      socket.on('data', () => {})
      // In the end a line that no request can begin with, whatever came before is complete or not.
      socket.write(random.bytes(1 + random.below(64 * 1024)))
      socket.end(`\r\n*\r\n${'\0'.repeat(128 * 1024)}`)
      await over
    }
  })

  test('keeps little for a client that never reads its replies', { skip: onlyLinux }, async () => {
    assert.equal(await ask(endpoint, 'SET', 'large', 'x'.repeat(4 * MiB)), 'OK')
    const beforeBytes = residentBytes()
    using deaf = await TestClient.connect(endpoint)
    deaf.socket.pause()
    const get = '*2\r\n$3\r\nGET\r\n$5\r\nlarge\r\n'
    deaf.socket.write(get.repeat(500)) // 2 GB of replies
    for (let i = 0; i < 200; i++) assert.equal(await ask(endpoint, 'GET', 'kept'), '"v"')
    const grownBytes = residentBytes() - beforeBytes
    assert.ok(grownBytes < 256 * MiB, `the node grew by ${Math.round(grownBytes / MiB)} MiB`)
    assert.equal(await ask(endpoint, 'DEL', 'large'), '(integer) 1')
  })

  test('keeps little for requests that never end', { skip: onlyLinux }, async () => {
    const beforeBytes = residentBytes()
    const clients = await Promise.all(Array.from({ length: 100 }, () => TestClient.connect(endpoint)))
    for (const { socket } of clients) {
      socket.write(`*3\r\n$3\r\nSET\r\n$1\r\na\r\n$${8 * MiB}\r\n`) // promised, and only a little of it sent
      socket.write('x'.repeat(1000))
    }
    await ask(endpoint, 'PING')
    const grownBytes = residentBytes() - beforeBytes
    for (const client of clients) client.close()
    assert.ok(grownBytes < 128 * MiB, `the node grew by ${Math.round(grownBytes / MiB)} MiB`)
  })

  test('answers a client that has ended its side, and then ends too', async () => {
    const socket = connect({ ...parseAddress(endpoint), allowHalfOpen: true })
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    const over = new Promise((resolve) => socket.on('end', resolve))
    socket.end('*2\r\n$3\r\nGET\r\n$4\r\nkept\r\n*1\r\n$4\r\nPING\r\n*1\r\n$4')
    await over
    socket.destroy()
    assert.equal(Buffer.concat(chunks).toString(), '$1\r\nv\r\n+PONG\r\n')
  })

  test('opens and closes ten thousand connections, and keeps nothing of them', { skip: onlyLinux }, async () => {
    const beforeFiles = openFiles()
    const beforeBytes = residentBytes()
    for (let round = 0; round < 50; round++) {
      const clients = await Promise.all(Array.from({ length: 200 }, () => TestClient.connect(endpoint)))
      for (const [i, client] of clients.entries()) {
        if (i % 4 === 0) client.socket.write('*1\r\n$4\r\nPI')
        else if (i % 4 === 1) client.socket.write('PING\r\n')
        if (i % 8 === 2) client.socket.resetAndDestroy()
        else client.close()
      }
      await Promise.all(clients.map(({ closed }) => closed))
    }
    await until('the files of closed connections to be closed', () => openFiles() <= beforeFiles + 5)
    const grownBytes = residentBytes() - beforeBytes
    assert.ok(grownBytes < 100 * MiB, `the node grew by ${Math.round(grownBytes / MiB)} MiB`)
  })
})
