import assert from 'node:assert/strict'
import { test } from 'node:test'
import { concatBytes, utf8Bytes, utf8Text } from '#kernel/base/bytes.ts'
import { UnumError } from '#kernel/base/errors.ts'
import { type Connection, type Host, highWaterBytes, type Listener } from '#kernel/base/host.ts'
import { createRandom } from '#kernel/base/random.ts'
import { codeOfRejection, type RunWithSubject, type Subject } from './subject.ts'

/** What every `Network` does. */
export function testNetwork(name: string, run: RunWithSubject): void {
  const check = (claim: string, body: Parameters<RunWithSubject>[0]) =>
    test(`${name} network: ${claim}`, () => run(body))

  check('bytes go both ways, in order, whatever their chunks', async (subject) => {
    const random = createRandom(`${name} bytes`)
    const pair = await connect(subject)
    const sent: Uint8Array[] = []
    for (let i = 0; i < 300; i++) {
      const bytes = random.bytes(random.below(10) === 0 ? random.below(20_000) : random.below(50))
      sent.push(bytes)
      pair.client.connection.write(bytes)
      pair.server.connection.write(bytes)
      if (random.below(10) === 0) await subject.host.clock.sleep(random.float())
    }
    const all = concatBytes(sent)
    for (const side of [pair.client, pair.server]) {
      await side.until(() => side.bytes === all.length)
      assert.ok(Buffer.from(all).equals(side.received()))
    }
    await finish(pair)
  })

  check('a port is chosen, then in use, then free again', async ({ host: { network }, hostName }) => {
    const first = await network.listen({ host: hostName, port: 0 }, refuseAll)
    assert.ok(first.address.port > 0 && first.address.port <= 65_535)
    assert.equal(first.address.host, hostName)
    assert.equal(await codeOfRejection(network.listen(first.address, refuseAll)), 'ADDRESS_IN_USE')
    await first.close()
    await (await network.listen(first.address, refuseAll)).close()
  })

  check('an address of another machine cannot be listened on', async ({ host: { network } }) => {
    assert.equal(
      await codeOfRejection(network.listen({ host: '203.0.113.7', port: 0 }, refuseAll)),
      'ADDRESS_UNAVAILABLE',
    )
  })

  check('a connection that nobody accepts is closed with an error, later', async ({ host, other, hostName }) => {
    const listener = await host.network.listen({ host: hostName, port: 0 }, refuseAll)
    await listener.close()
    const side = new Side(other)
    side.attach(other.network.connect(listener.address, side))
    assert.equal(side.closes, 0)
    await side.until(() => side.closes === 1)
    assert.ok(side.error instanceof UnumError)
    assert.equal(side.error.code, 'CONNECTION_FAILED')
    assert.equal(side.opens, 0)
  })

  check('what is written before the connection is open arrives', async (subject) => {
    const pair = await connect(subject, (connection) => connection.write(utf8Bytes('early')))
    await pair.server.until(() => pair.server.bytes === 5)
    assert.equal(utf8Text(pair.server.received()), 'early')
    await finish(pair)
  })

  check('opened comes once, and no callback within a call', async (subject) => {
    const pair = await connect(subject)
    assert.equal(pair.client.opens, 1)
    assert.equal(pair.server.opens, 0)
    for (const side of [pair.client, pair.server]) {
      side.inCall = true
      side.connection.write(utf8Bytes('x'))
      side.connection.pause()
      side.connection.resume()
      side.inCall = false
    }
    await pair.client.until(() => pair.client.bytes === 1)
    await pair.server.until(() => pair.server.bytes === 1)
    pair.client.inCall = true
    pair.client.connection.destroy()
    pair.client.inCall = false
    await closed(pair)
  })

  check('end sends all that is queued first; both sides close without an error', async (subject) => {
    const pair = await connect(subject)
    const bytes = createRandom(1).bytes(3_000_000)
    pair.client.connection.write(bytes)
    pair.client.connection.end()
    pair.client.connection.write(utf8Bytes('too late'))
    await pair.server.until(() => pair.server.closes === 1)
    assert.ok(Buffer.from(bytes).equals(pair.server.received()))
    await closed(pair)
    assert.equal(pair.client.error, undefined)
    assert.equal(pair.server.error, undefined)
  })

  check('a side that handles the end may go on sending', async (subject) => {
    const pair = await connect(subject)
    let ended = 0
    pair.server.ended = () => {
      ended++
      pair.server.connection.write(utf8Bytes('answer'))
      pair.server.connection.end()
    }
    pair.client.connection.write(utf8Bytes('question'))
    pair.client.connection.end()
    await closed(pair)
    assert.equal(ended, 1)
    assert.equal(utf8Text(pair.server.received()), 'question')
    assert.equal(utf8Text(pair.client.received()), 'answer')
    assert.equal(pair.client.error, undefined)
    assert.equal(pair.server.error, undefined)
  })

  check('destroy closes both sides, and nothing comes after closed', async (subject) => {
    const pair = await connect(subject)
    pair.server.connection.write(utf8Bytes('on its way'))
    pair.client.connection.destroy()
    pair.client.connection.destroy()
    pair.client.connection.write(utf8Bytes('too late'))
    pair.client.connection.end()
    assert.equal(pair.client.closes, 0)
    await pair.client.until(() => pair.client.closes === 1)
    assert.equal(pair.client.error, undefined)
    assert.equal(pair.client.connection.queuedBytes, 0)
    // The other side finds out when it is told, or at the latest when it writes.
    while (pair.server.closes === 0) {
      pair.server.connection.write(utf8Bytes('hello?'))
      await subject.host.clock.sleep(0.5)
    }
    await closed(pair)
  })

  check('a connection can be destroyed before it is open', async ({ host, other, hostName }) => {
    const listener = await host.network.listen({ host: hostName, port: 0 }, refuseAll)
    const side = new Side(other)
    side.attach(other.network.connect(listener.address, side))
    side.connection.write(utf8Bytes('never sent'))
    side.connection.destroy()
    await side.until(() => side.closes === 1)
    assert.equal(side.error, undefined)
    assert.equal(side.opens, 0)
    await listener.close()
  })

  check('a listener that is closed leaves its connections open', async (subject) => {
    const pair = await connect(subject)
    await pair.listener.close()
    pair.client.connection.write(utf8Bytes('still here'))
    await pair.server.until(() => pair.server.bytes === 10)
    await finish(pair)
  })

  check('a reader that pauses holds the writer up; queuedBytes and drained say so', async (subject) => {
    const pair = await connect(subject)
    let drained = 0
    pair.client.drained = () => {
      drained++
    }
    pair.server.connection.pause()
    const chunk = new Uint8Array(highWaterBytes).fill(5)
    const count = 16
    for (let i = 0; i < count; i++) pair.client.connection.write(chunk)
    assert.equal(pair.client.connection.queuedBytes, count * chunk.length)
    await subject.host.clock.sleep(20)
    assert.ok(pair.client.connection.queuedBytes > highWaterBytes)
    assert.equal(drained, 0)
    pair.server.connection.resume()
    await pair.server.until(() => pair.server.bytes === count * chunk.length)
    await pair.client.until(() => drained === 1)
    assert.equal(pair.client.connection.queuedBytes, 0)
    await finish(pair)
  })

  check('a connection may be paused, or ended, where it is accepted', async ({ host, other, hostName }) => {
    const server = new Side(host)
    const listener = await host.network.listen({ host: hostName, port: 0 }, (connection) => {
      connection.handler = server
      server.attach(connection)
      connection.pause()
      connection.write(utf8Bytes('welcome'))
    })
    const client = new Side(other)
    client.attach(other.network.connect(listener.address, client))
    client.connection.write(utf8Bytes('hello'))
    await client.until(() => client.bytes === 7)
    await host.clock.sleep(10)
    assert.equal(server.bytes, 0)
    server.connection.resume()
    await server.until(() => server.bytes === 5)
    await finish({ client, server, listener })
  })

  check('a chunk is good only during the call', async (subject) => {
    const pair = await connect(subject)
    let kept: Uint8Array | undefined
    pair.server.read = (chunk) => {
      kept ??= chunk
    }
    pair.client.connection.write(utf8Bytes('first'))
    await pair.server.until(() => pair.server.bytes === 5)
    pair.client.connection.write(utf8Bytes('other'))
    await pair.server.until(() => pair.server.bytes === 10)
    assert.notEqual(utf8Text(kept!), 'first')
    await finish(pair)
  })

  check('writes of one turn may come as one chunk, and many connections work at once', async (subject) => {
    const pairs: Pair[] = []
    for (let i = 0; i < 20; i++) pairs.push(await connect(subject))
    for (const [index, pair] of pairs.entries()) {
      for (let i = 0; i <= index; i++) pair.client.connection.write(utf8Bytes(`${index},`))
    }
    for (const [index, pair] of pairs.entries()) {
      const wanted = `${index},`.repeat(index + 1)
      await pair.server.until(() => pair.server.bytes === wanted.length)
      assert.equal(utf8Text(pair.server.received()), wanted)
      await finish(pair)
    }
  })
}

const refuseAll = (connection: Connection) => {
  connection.handler = { data() {}, closed() {} }
  connection.destroy()
}

/** One side of a connection: collects all that happens, and checks the order that the contract promises. */
class Side {
  readonly #host: Host
  #connection: Connection | undefined
  readonly #chunks: Uint8Array[] = []
  bytes = 0
  opens = 0
  closes = 0
  error: Error | undefined
  inCall = false
  ended?: () => void
  drained?: () => void
  read: (chunk: Uint8Array) => void = () => {}

  constructor(host: Host) {
    this.#host = host
  }

  attach(connection: Connection): void {
    this.#connection = connection
  }

  get connection(): Connection {
    assert.ok(this.#connection)
    return this.#connection
  }

  opened(): void {
    this.#happens()
    assert.equal(this.bytes, 0)
    this.opens++
  }

  data(chunk: Uint8Array): void {
    this.#happens()
    assert.ok(chunk.length > 0)
    this.read(chunk)
    this.#chunks.push(chunk.slice())
    this.bytes += chunk.length
  }

  closed(error?: Error): void {
    this.#happens()
    this.closes++
    this.error = error
  }

  received(): Uint8Array {
    return concatBytes(this.#chunks)
  }

  /** Waits; looks once a millisecond. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.#host.clock.sleep(1)
  }

  #happens(): void {
    assert.equal(this.inCall, false, 'no callback inside a call')
    assert.equal(this.closes, 0, 'nothing after closed')
  }
}

interface Pair {
  readonly client: Side
  readonly server: Side
  readonly listener: Listener
}

async function connect(subject: Subject, before?: (connection: Connection) => void): Promise<Pair> {
  const { host, other, hostName } = subject
  const server = new Side(host)
  let accepted = false
  const listener = await host.network.listen({ host: hostName, port: 0 }, (connection) => {
    connection.handler = server
    server.attach(connection)
    accepted = true
  })
  const client = new Side(other)
  client.attach(other.network.connect(listener.address, client))
  before?.(client.connection)
  await client.until(() => accepted && client.opens === 1)
  return { client, server, listener }
}

async function closed(pair: Pair): Promise<void> {
  for (const side of [pair.client, pair.server]) {
    await side.until(() => side.closes === 1)
  }
  await pair.listener.close()
}

async function finish(pair: Pair): Promise<void> {
  pair.client.connection.end()
  await closed(pair)
  assert.equal(pair.client.error, undefined)
  assert.equal(pair.server.error, undefined)
}
