import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Requests } from './requests.ts'

test('requests are as redis-benchmark makes them', () => {
  const requests = new Requests(5)
  assert.equal(requests.get(42).toString(), '*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000042\r\n')
  const set = requests.set(99_999).toString('latin1')
  assert.match(set, /^\*3\r\n\$3\r\nSET\r\n\$16\r\nkey:000000099999\r\n\$5\r\n.{5}\r\n$/s)
})
