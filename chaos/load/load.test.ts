import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { until } from '#cli/testing/until.ts'
import { createNodeHost } from '#host/node/index.ts'
import { createRandom } from '#kernel/base/random.ts'
import { type Flaws, toyServer } from '#lab/testing/toy-server.ts'
import { defaultSettings } from '#node/settings.ts'
import { Filler } from './filler.ts'
import { Load } from './load.ts'

/** A server of this process, on a real socket and a real file. */
async function serve(t: TestContext, flaws: Flaws) {
  const root = mkdtempSync(join(tmpdir(), 'unum-toy-'))
  const host = createNodeHost({ root })
  t.after(async () => {
    await host.close()
    rmSync(root, { recursive: true })
  })
  const log = { info() {}, warn() {}, error() {} }
  const node = await toyServer(flaws)({
    ...{ host, log, name: 'n1', members: [], bootstrap: undefined, services: [], settings: defaultSettings },
    listen: { redis: { host: '127.0.0.1', port: 0 } },
  })
  return node.endpoints.redis!
}

async function judged(t: TestContext, flaws: Flaws) {
  const address = await serve(t, flaws)
  using load = new Load({
    ...{ names: ['n1'], addresses: [address], random: createRandom(1).child('load') },
    operationsPerSecond: 5000,
    keyKinds: ['register', 'counter', 'text', 'mixed'],
  })
  load.start()
  await until('enough answers', () => load.answered > 1500)
  load.finish()
  await until('the last replies', () => load.isFinished)
  const left = load.probe('after')
  await until('every key to be read', () => left().n1 === 0)
  return { violations: load.judge(), lines: [...load.historyLines()] }
}

suite('the load over real connections', { timeout: 60_000 }, () => {
  test('finds nothing wrong with a right server, and writes down all that it saw', async (t) => {
    const { violations, lines } = await judged(t, {})
    assert.deepEqual(violations, [])
    assert.ok(lines.length > 1500)
    const fields = ['object', 'judge', 'connection', 'commands', 'reply', 'call', 'return', 'callMs', 'returnMs']
    assert.deepEqual(Object.keys(JSON.parse(lines[0]!)), fields)
  })

  for (const flaws of [{ readsStale: true }, { doublesIncrements: true }] satisfies Flaws[]) {
    test(`finds a server that ${Object.keys(flaws)[0]}`, async (t) => {
      const { violations } = await judged(t, flaws)
      assert.match(violations.join('\n'), /is not linearizable/)
    })
  }

  test('the filler reads back what it wrote, and notices what it did not write', async (t) => {
    const address = await serve(t, {})
    const violations: string[] = []
    using filler = new Filler({
      ...{ addresses: [address], valueBytes: 4096, bytesPerSecond: 40 << 20 },
      violation: (text) => violations.push(text),
    })
    filler.start()
    await until('enough writes', () => filler.ledger.acknowledgedBytes > 100 * 4096)
    filler.finish()
    assert.deepEqual(await filler.readAll(0), [])
    assert.deepEqual(violations, [])
    filler.ledger.asked(1)
    filler.ledger.acknowledged() // which the server never heard of
    assert.equal((await filler.readAll(0))?.length, 1)
  })
})
