import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { suite, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { RelayNetwork } from './relay-network.ts'
import { slowMs } from './valve.ts'

/** An echo in the place of n2's peer listener, and a connection of n1 to it. */
async function echoing(t: TestContext) {
  const network = await RelayNetwork.open(['n1', 'n2'])
  const server = createServer({ noDelay: true }, (socket) => socket.pipe(socket).on('error', () => {}))
  server.listen(network.listenAt('n2', 'peer'))
  await once(server, 'listening')
  const sockets: Socket[] = []
  t.after(async () => {
    for (const socket of sockets) socket.destroy()
    await network.close()
    server.close()
  })
  const open = () => {
    const socket = connect({ ...network.reach('n1', 'n2', 'peer'), noDelay: true })
    sockets.push(socket)
    return socket
  }
  return { network, open }
}

const heard = (socket: Socket) => once(socket, 'data').then(([bytes]) => String(bytes))

suite('relays between nodes', { timeout: 30_000 }, () => {
  test('a cut holds back one direction, and lets go what it held when it is over', async (t) => {
    const { network, open } = await echoing(t)
    const socket = open()
    socket.write('a')
    assert.equal(await heard(socket), 'a')
    for (const link of [
      ['n1', 'n2'],
      ['n2', 'n1'],
    ] as const) {
      network.setLink(link, 'cut')
      socket.write('b')
      const answer = heard(socket)
      assert.equal(await Promise.race([answer, sleep(30, 'silence')]), 'silence')
      network.setLink(link, 'whole')
      assert.equal(await answer, 'b')
    }
  })

  test('a new connection over a cut link reaches nobody until it is whole', async (t) => {
    const { network, open } = await echoing(t)
    network.setLink(['n1', 'n2'], 'cut')
    const socket = open()
    socket.write('c')
    const answer = heard(socket)
    assert.equal(await Promise.race([answer, sleep(30, 'silence')]), 'silence')
    network.setLink(['n1', 'n2'], 'whole')
    assert.equal(await answer, 'c')
  })

  test('a slow link is late', async (t) => {
    const { network, open } = await echoing(t)
    const socket = open()
    await once(socket, 'connect')
    network.setLink(['n1', 'n2'], 'slow')
    const sentMs = performance.now()
    socket.write('d')
    assert.equal(await heard(socket), 'd')
    assert.ok(performance.now() - sentMs >= slowMs)
  })
})
