import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { parseAddress } from '../address.ts'
import { RedisClient } from '../redis/client.ts'
import { formatReply } from '../redis/format-reply.ts'

interface NodeLine {
  readonly name: string
  readonly pid: number
  readonly zone: string
  readonly endpoints: { readonly redis: string; readonly admin: string }
}

const launcher = join(import.meta.dirname, '../../../bin/unum.js')

/** A real `unum up`, by what it prints. */
class Up {
  readonly child: ChildProcess
  readonly lines: AsyncIterator<string>
  errors = ''

  constructor(data: string, ...flags: string[]) {
    const args = [launcher, 'up', '--json', '--ports', 'auto', '--data', data, ...flags]
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.child.stderr!.on('data', (chunk) => {
      this.errors += chunk
    })
    this.lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]()
  }

  async line(): Promise<Record<string, unknown>> {
    const { value, done } = await this.lines.next()
    assert.ok(!done, `unum up ended: ${this.errors}`)
    return JSON.parse(value)
  }

  async ready(): Promise<NodeLine[]> {
    const { ready, nodes } = await this.line()
    assert.equal(ready, true)
    return nodes as NodeLine[]
  }

  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    const ended = once(this.child, 'exit')
    this.child.kill(signal)
    const [code] = await ended
    return code
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function ask(node: NodeLine, ...words: string[]): Promise<string> {
  const client = new RedisClient(parseAddress(node.endpoints.redis))
  try {
    return formatReply(await client.send(words))
  } finally {
    client.close()
  }
}

suite('unum up', { timeout: 60_000 }, () => {
  let data = ''
  let cluster: Up | undefined
  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'unum-up-'))
  })
  afterEach(() => {
    cluster?.child.kill('SIGKILL')
    rmSync(data, { recursive: true, force: true, maxRetries: 20 })
  })

  test('is one computer, survives kill -9 of a node, stops clean and starts again with its data', async () => {
    cluster = new Up(data)
    const nodes = await cluster.ready()
    assert.deepEqual(
      nodes.map(({ name, zone }) => name + zone),
      ['n1a', 'n2b', 'n3c'],
    )
    assert.deepEqual(Object.keys(nodes[0]!), ['name', 'pid', 'zone', 'endpoints'])
    assert.match(nodes[0]!.endpoints.admin, /^http:\/\/127\.0\.0\.1:\d+$/)
    assert.equal(await ask(nodes[0]!, 'SET', 'a', '1'), 'OK')
    assert.equal(await ask(nodes[2]!, 'GET', 'a'), '"1"')

    process.kill(nodes[0]!.pid, 'SIGKILL')
    const { pid: deadPid, ...ended } = await cluster.line()
    assert.equal(deadPid, nodes[0]!.pid)
    assert.deepEqual([ended.event, ended.name, ended.signal, ended.restartInMs], ['ended', 'n1', 'SIGKILL', 1000])
    assert.equal(await ask(nodes[1]!, 'INCR', 'a'), '(integer) 2')
    const { pid: newPid, ...back } = await cluster.line()
    assert.notEqual(newPid, deadPid)
    assert.deepEqual(back, { event: 'back', name: 'n1', zone: 'a', endpoints: nodes[0]!.endpoints })
    assert.equal(await ask(nodes[0]!, 'GET', 'a'), '"2"')
    assert.equal(readFileSync(join(data, 'n1/node.pid'), 'utf8'), `${newPid}\n`)

    const second = new Up(data)
    assert.deepEqual(await once(second.child, 'close'), [1, null])
    assert.match(second.errors, /uses it.*--data/)

    assert.equal(await cluster.stop(), 0)
    assert.deepEqual([newPid as number, nodes[1]!.pid, nodes[2]!.pid].filter(isRunning), [])

    cluster = new Up(data)
    const again = await cluster.ready()
    assert.equal(await ask(again[1]!, 'GET', 'a'), '"2"')
    assert.equal(await cluster.stop('SIGTERM'), 0)
  })

  test('killed outright takes its nodes with it, and the folder can be used again at once', async () => {
    cluster = new Up(data, '--nodes', '1')
    const [node] = await cluster.ready()
    assert.equal(await ask(node!, 'SET', 'a', '1'), 'OK')
    const { host, port } = parseAddress(node!.endpoints.redis)
    const client = connect({ host, port })
    client.on('error', () => {}) // a reset is as good an end as any
    await once(client, 'connect')
    const gone = once(client, 'close')
    await cluster.stop('SIGKILL')
    cluster = new Up(data)
    await gone
    const [again] = await cluster.ready()
    assert.equal(await ask(again!, 'GET', 'a'), '"1"')
    assert.equal(await cluster.stop(), 0)
  })

  test('refuses other addresses than loopback, and unknown flags, with a hint', () => {
    const run = (...flags: string[]) =>
      spawnSync(process.execPath, [launcher, 'up', '--data', data, ...flags], { encoding: 'utf8' })
    const open = run('--host', '0.0.0.0')
    assert.equal(open.status, 1)
    assert.match(open.stderr, /0\.0\.0\.0 as other machines could reach it/)
    const misspelt = run('--node', '3')
    assert.equal(misspelt.status, 1)
    assert.match(misspelt.stderr, /--node'\n\(Did you mean --nodes\?\)/)
  })
})
