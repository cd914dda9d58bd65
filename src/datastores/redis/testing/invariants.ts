import assert from 'node:assert/strict'
import { ByteReader } from '#kernel/base/byte-reader.ts'
import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import { kinds, types } from '../keyspace.ts'
import { memberHash } from '../members/member-table.ts'
import { readScore } from '../sorted-sets/score-order.ts'
import type { EvaluationTwin } from './evaluation-twin.ts'

/** What a key's rows say, read by what the formats promise and not by the code under test. */
interface KeyRows {
  header: Uint8Array | undefined
  readonly elements: Row[]
  readonly order: Row[]
}

interface Row {
  readonly part: Uint8Array
  readonly value: Uint8Array
}

/**
 * Checks the invariants of `keyspace.ts`, `member-table.ts`, `list.ts` and `sorted-set.ts` over all rows of a shard: no row
 * without its header, no wrong count, no gap in a list, no member without its place in the order.
 */
export function checkInvariants(evaluation: EvaluationTwin): void {
  const { rows, counters } = evaluation.dump()
  const keys = new Map<string, KeyRows>()
  let expiries = 0
  for (const [rowKey, value] of rows) {
    if (rowKey.charCodeAt(2) === kinds.expiry) expiries++
    else addRow(keys, latin1Bytes(rowKey), latin1Bytes(value))
  }
  let expiring = 0
  for (const [name, key] of keys) {
    assert.ok(key.header, `${JSON.stringify(name)} has rows and no header`)
    if (key.header[0]! & 0x80) expiring++
    checkKey(name, key, key.header)
  }
  assert.deepEqual({ keys: keys.size, expires: expiring }, { keys: 0, expires: 0, ...Object.fromEntries(counters) })
  assert.equal(expiries, expiring)
}

function addRow(keys: Map<string, KeyRows>, rowKey: Uint8Array, value: Uint8Array): void {
  const reader = new ByteReader(rowKey)
  const slot = reader.uint16Be()
  const kind = reader.uint8()
  let name: Uint8Array
  if (kind === kinds.header) {
    reader.uint32Be()
    name = reader.raw(reader.remaining)
  } else {
    name = reader.block()
  }
  const id = `${slot}/${latin1Text(name)}`
  let key = keys.get(id)
  if (!key) keys.set(id, (key = { header: undefined, elements: [], order: [] }))
  if (kind === kinds.header) key.header = value
  else (kind === kinds.element ? key.elements : key.order).push({ part: reader.raw(reader.remaining), value })
}

function checkKey(name: string, { elements, order }: KeyRows, header: Uint8Array): void {
  const reader = new ByteReader(header)
  const type = reader.uint8() & 0x7f
  reader.uint64Be()
  if (header[0]! & 0x80) reader.uint64Be()
  if (type !== types.zset) assert.equal(order.length, 0, `${name} has an order that it should not have`)
  switch (type) {
    case types.string:
      assert.equal(elements.length, 0, `${name} has elements that it should not have`)
      return
    case types.list: {
      const head = reader.uint64Be()
      const tail = reader.uint64Be()
      const positions = elements.map(({ part }) => new ByteReader(part).uint64Be())
      assert.ok(tail > head, `${name} is an empty list`)
      assert.deepEqual(
        positions,
        Array.from({ length: tail - head }, (_, i) => head + i),
      )
      break
    }
    default:
      assert.ok(elements.length > 0, `${name} is an empty collection`)
      assert.equal(reader.uint64Be(), elements.length, `count of ${name}`)
      for (const { part } of elements) {
        assert.equal(new ByteReader(part).uint32Be(), memberHash(part, 4, part.length), `hash of a member of ${name}`)
      }
  }
  assert.equal(reader.remaining, 0)
  if (type !== types.zset) return
  const scored = elements.map(({ part, value }) => `${latin1Text(value)}${latin1Text(part, 4)}`)
  const placed = order.map(({ part }) => latin1Text(part))
  assert.deepEqual(placed, scored.toSorted(), `order of ${name}`)
  for (const { value } of elements) assert.ok(!Number.isNaN(readScore(value, 0)))
}
