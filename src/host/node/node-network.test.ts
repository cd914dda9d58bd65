import assert from 'node:assert/strict'
import { connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { utf8Bytes, utf8Text } from '#kernel/base/bytes.ts'
import type { Connection } from '#kernel/base/host.ts'
import { NodeNetwork } from './node-network.ts'
import { turn } from './turn.ts'

const here = { host: '127.0.0.1', port: 0 }

/** A server that answers every chunk with itself. */
async function echo(network: NodeNetwork, connections: Connection[] = []) {
  return network.listen(here, (connection) => {
    connections.push(connection)
    connection.handler = { data: (chunk) => connection.write(chunk.slice()), closed() {} }
  })
}

test('what is written in one turn leaves as one write, whatever its parts', async () => {
  const network = new NodeNetwork(turn)
  const listener = await network.listen(here, (connection) => {
    connection.handler = {
      data() {
        for (let i = 0; i < 100; i++) connection.write(utf8Bytes(`${i},`))
      },
      closed() {},
    }
  })
  const client = connect(listener.address.port, '127.0.0.1')
  client.write('go')
  const chunk = await new Promise<Buffer>((resolve) => client.once('data', resolve))
  assert.equal(chunk.toString(), Array.from({ length: 100 }, (_, index) => `${index},`).join(''))
  client.destroy()
  await network.close()
})

test('a reset by the other side closes with an error', async () => {
  const network = new NodeNetwork(turn)
  const outcome = new Promise<Error | undefined>((resolve) => {
    void network
      .listen(here, (connection) => {
        connection.handler = { data() {}, closed: resolve }
      })
      .then(({ address }) => {
        const client: Socket = connect(address.port, '127.0.0.1', () => client.resetAndDestroy())
      })
  })
  const error = await outcome
  assert.equal((error as { code?: string } | undefined)?.code, 'CONNECTION_FAILED')
  await network.close()
})

test('a thousand connections come and go', async () => {
  const network = new NodeNetwork(turn)
  const accepted: Connection[] = []
  const listener = await echo(network, accepted)
  for (let round = 0; round < 10; round++) {
    await Promise.all(
      Array.from({ length: 100 }, (_, index) => {
        return new Promise<void>((resolve, reject) => {
          const connection = network.connect(listener.address, {
            opened: () => connection.write(utf8Bytes(`hello ${index}`)),
            data: (chunk) => {
              assert.equal(utf8Text(chunk), `hello ${index}`)
              if (index % 2 === 0) connection.end()
              else connection.destroy()
            },
            closed: (error) => (error ? reject(error) : resolve()),
          })
        })
      }),
    )
  }
  assert.equal(accepted.length, 1000)
  await network.close()
})

test('close ends listeners and connections', async () => {
  const network = new NodeNetwork(turn)
  const listener = await echo(network)
  const closed = new Promise<void>((resolve) => {
    network.connect(listener.address, {
      opened: () => void network.close(),
      data() {},
      closed: () => resolve(),
    })
  })
  await closed
  await network.close()
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(listener.address.port, '127.0.0.1', resolve))
  await new Promise((resolve) => server.close(resolve))
})

test('a socket whose inside looks unfamiliar is read by its events', async () => {
  const network = new NodeNetwork(turn, { takeHandle: () => undefined })
  const listener = await echo(network)
  const text = await new Promise<string>((resolve, reject) => {
    const connection = network.connect(listener.address, {
      opened: () => connection.write(utf8Bytes('plain')),
      data: (chunk) => {
        resolve(utf8Text(chunk))
        connection.end()
      },
      closed: (error) => error && reject(error),
    })
  })
  assert.equal(text, 'plain')
  await network.close()
})
