import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { portOwner } from './port-owner.ts'
import { choosePorts } from './ports.ts'

test('free ports are all different', async () => {
  const ports = await choosePorts('auto', '127.0.0.1', ['n1', 'n2', 'n3'])
  const all = ports.flatMap(({ redis, admin, peer }) => [redis, admin, peer])
  assert.equal(new Set(all).size, 9)
})

test('an address that is not of this machine is refused with what to change', async () => {
  for (const choice of ['auto', 'standard'] as const) {
    await assert.rejects(choosePorts(choice, '192.0.2.1', ['n1']), /192\.0\.2\.1 .*--host/)
  }
})

test('the owner of a port is found', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => server.close())
  const owner = portOwner((server.address() as AddressInfo).port)
  assert.match(owner ?? '', new RegExp(`\\(pid ${process.pid}\\)$`))
})
