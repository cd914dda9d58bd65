import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createRandom } from '#kernel/base/random.ts'
import { encodeCommand, NodeTwin } from '../testing/node-twin.ts'

describe('connections', () => {
  it('answer a pipeline with one write', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    assert.equal(node.exchange(connection, ['PING'], ['GET', 'a'], ['ECHO', 'x']), '+PONG\r\n$-1\r\n$1\r\nx\r\n')
    assert.equal(connection.writes, 1)
  })

  it('see their own writes, in order', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    const replies = node.exchange(connection, ['SET', 'a', '1'], ['GET', 'a'], ['PING'], ['INCR', 'a'], ['GET', 'a'])
    assert.equal(replies, '+OK\r\n$1\r\n1\r\n+PONG\r\n:2\r\n$1\r\n2\r\n')
  })
})
void fc
void createRandom
void encodeCommand
