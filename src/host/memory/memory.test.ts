import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8Bytes, utf8Text } from '#kernel/base/bytes.ts'
import type { Connection, Host } from '#kernel/base/host.ts'
import { createMemoryHost, InProcessNetwork, MemoryDisk } from './index.ts'

interface Peer {
  readonly connection: Connection
  text: string
  closes: string[]
}

function hear(connection: Connection): Peer {
  const peer: Peer = { connection, text: '', closes: [] }
  connection.handler = {
    data: (chunk) => {
      peer.text += utf8Text(chunk)
    },
    closed: (error) => peer.closes.push(error?.message ?? 'closed'),
  }
  return peer
}

async function until(host: Host, condition: () => boolean): Promise<void> {
  while (!condition()) await host.clock.sleep(1)
}

/** n1 listens on memory:n1, n2 is connected to it. */
async function pair() {
  const links = new InProcessNetwork()
  const hosts = [createMemoryHost({ disk: new MemoryDisk() }), createMemoryHost({ disk: new MemoryDisk() })] as const
  const one = links.join('n1', hosts[0])
  const two = links.join('n2', hosts[1])
  const accepted: Peer[] = []
  const listener = await one.host.network.listen({ host: 'memory:n1', port: 1 }, (connection) => {
    accepted.push(hear(connection))
  })
  const near = hear(two.host.network.connect(listener.address, { data() {}, closed() {} }))
  await until(one.host, () => accepted.length === 1)
  return { links, one, two, near, far: accepted[0]!, close: () => Promise.all(hosts.map((host) => host.close())) }
}

test('a partition holds up what is sent; after the heal it arrives, in order', async () => {
  const { links, one, near, far, close } = await pair()
  near.connection.write(utf8Bytes('before '))
  await until(one.host, () => far.text === 'before ')
  links.partition(['n1'], ['n2'])
  for (const part of ['during ', 'the ', 'cut']) {
    near.connection.write(utf8Bytes(part))
    await one.host.clock.sleep(1)
  }
  far.connection.write(utf8Bytes('answer'))
  await one.host.clock.sleep(10)
  assert.equal(far.text, 'before ')
  assert.equal(near.text, '')
  links.heal()
  await until(one.host, () => far.text === 'before during the cut' && near.text === 'answer')
  assert.deepEqual(near.closes, [])
  await close()
})

test('leaving closes the links, and the name is free for the next host', async () => {
  const { links, one, two, near, far, close } = await pair()
  two.leave()
  two.leave()
  await until(one.host, () => far.closes.length === 1)
  assert.deepEqual(far.closes, ['closed'])
  near.connection.write(utf8Bytes('from the dead'))
  const again = createMemoryHost({ disk: new MemoryDisk() })
  const joined = links.join('n2', again)
  const second = hear(joined.host.network.connect({ host: 'memory:n1', port: 1 }, { data() {}, closed() {} }))
  second.connection.write(utf8Bytes('here again'))
  await until(one.host, () => second.connection.queuedBytes === 0)
  await again.close()
  await close()
})

test('other addresses lead to the operating system', async () => {
  const { one, two, close } = await pair()
  const accepted: Peer[] = []
  const listener = await one.host.network.listen({ host: '127.0.0.1', port: 0 }, (connection) => {
    accepted.push(hear(connection))
  })
  const client = hear(two.host.network.connect(listener.address, { data() {}, closed() {} }))
  client.connection.write(utf8Bytes('over TCP'))
  await until(one.host, () => accepted[0]?.text === 'over TCP')
  await close()
})

test('a memory disk survives its hosts; what a closed host still had under way does not happen', async () => {
  const disk = new MemoryDisk()
  const first = createMemoryHost({ disk })
  const file = await first.disk.open('log', { create: true })
  await file.write(0, utf8Bytes('kept'))
  const answers: string[] = []
  file.write(4, utf8Bytes(' and lost')).then(() => answers.push('answered'))
  await first.close()
  await first.close()
  const second = createMemoryHost({ disk })
  const again = await second.disk.open('log', { create: false })
  assert.equal(utf8Text(await again.read(0, 100)), 'kept')
  assert.equal(again.size, 4)
  assert.equal(disk.bytes, 4)
  assert.deepEqual(answers, [])
  await second.close()
})
