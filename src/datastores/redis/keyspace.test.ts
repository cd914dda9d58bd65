import assert from 'node:assert/strict'
import { test } from 'node:test'
import { latin1Bytes } from '#kernel/base/bytes.ts'
import { UnumError } from '#kernel/base/errors.ts'
import { collectionCommands } from './testing/collections.ts'
import { ShardTwin } from './testing/shard-twin.ts'

/** A twin whose only key has a header row that says this. */
function twinWith(row: string): ShardTwin {
  const twin = new ShardTwin(collectionCommands)
  twin.run('SET', 'k', 'v')
  const [key] = twin.evaluation.dump().rows[0]!
  twin.evaluation.begin('write')
  twin.evaluation.put(latin1Bytes(key), latin1Bytes(row))
  return twin
}

const version = '\0\x06\0\0\0\0\0\0'

test('a header row that cannot be is damage', () => {
  const wrong: readonly (readonly [what: string, row: string, command: string])[] = [
    ['empty', '', 'GET'],
    ['a type that there is not', `\x06${version}`, 'GET'],
    ['no type', `\0${version}`, 'GET'],
    ['cut', '\x01\0\0', 'GET'],
    ['a version above 2^53 - 1', '\x01\x00\x20\0\0\0\0\0\0', 'GET'],
    ['a list without elements', `\x02${version}${version}${version}`, 'LLEN'],
    ['a set of none', `\x03${version}\0\0\0\0\0\0\0\0`, 'SCARD'],
  ]
  for (const [what, row, command] of wrong) {
    const ask = () => twinWith(row).run(command, 'k')
    assert.throws(ask, (error) => error instanceof UnumError && error.code === 'DATA_DAMAGED', what)
  }
  assert.equal(twinWith(`\x01${version}value`).run('GET', 'k'), '$5\r\nvalue\r\n')
})
