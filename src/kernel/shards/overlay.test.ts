import assert from 'node:assert/strict'
import test from 'node:test'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import { createRandom } from '#kernel/base/random.ts'
import { hashKey } from '#kernel/storage/tables/bloom-filter.ts'
import { createSortedMapTree } from '#kernel/storage/tables/index.ts'
import type { Cursor, KeyRange, TreeWriter } from '#kernel/storage/tables/tree.ts'
import { Overlay } from './overlay.ts'

type Operation =
  | { readonly kind: 'put'; readonly key: string; readonly value: string }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'range'; readonly from: string; readonly to: string | undefined }
  | { readonly kind: 'count'; readonly delta: number }

function perform(target: Pick<TreeWriter, 'put' | 'delete' | 'deleteRange'>, operation: Operation): void {
  if (operation.kind === 'put') target.put(latin1Bytes(operation.key), latin1Bytes(operation.value))
  else if (operation.kind === 'delete') target.delete(latin1Bytes(operation.key))
  else if (operation.kind === 'range') target.deleteRange(rangeOf(operation.from, operation.to))
}

function rangeOf(from: string, to: string | undefined): KeyRange {
  return { from: latin1Bytes(from), to: to === undefined ? undefined : latin1Bytes(to) }
}

function rows(cursor: Cursor): string[] {
  const found: string[] = []
  while (cursor.next()) found.push(`${latin1Text(cursor.key)}=${latin1Text(cursor.value)}`)
  return found
}

test('rows under an overlay read as if what is in flight were applied, through batches, rollbacks and applying', () => {
  for (let seed = 1; seed <= 150; seed++) {
    const random = createRandom(seed)
    const key = () =>
      String.fromCharCode(97 + random.below(8)) + (random.below(2) ? String.fromCharCode(random.below(256)) : '')
    const below = createSortedMapTree()
    const expected = createSortedMapTree()
    const entry = new ByteWriter(16)
    const overlay = new Overlay(below, entry)
    let counter = 0
    let appliedCounter = 0
    let open: Operation[] = []
    const flights: { readonly batch: number; readonly operations: Operation[] }[] = []

    for (let step = 0; step < 120; step++) {
      const choice = random.below(10)
      if (choice < 6) {
        const operations: Operation[] = []
        for (let i = random.below(4); i >= 0; i--) {
          const kind = random.below(8)
          if (kind < 4) operations.push({ kind: 'put', key: key(), value: `${step}.${i}` })
          else if (kind < 6) operations.push({ kind: 'delete', key: key() })
          else if (kind < 7) operations.push({ kind: 'range', from: key(), to: random.below(4) ? key() : undefined })
          else operations.push({ kind: 'count', delta: random.below(5) - 2 })
        }
        const start = overlay.savepoint()
        const { length } = entry
        for (const operation of operations) {
          if (operation.kind === 'count') overlay.count('c', operation.delta)
          else if (operation.kind === 'range') overlay.deleteRange(rangeOf(operation.from, operation.to))
          else {
            const keyStart = entry.length
            entry.raw(latin1Bytes(operation.key))
            if (operation.kind === 'put') {
              const start = entry.length
              entry.ascii(operation.value)
              overlay.put(latin1Bytes(operation.key), keyStart, start, entry.length)
            } else overlay.delete(latin1Bytes(operation.key), keyStart)
          }
        }
        if (random.below(4) === 0) {
          overlay.rollback(start)
          entry.length = length
        } else {
          for (const operation of operations) {
            if (operation.kind === 'count') counter += operation.delta
            else perform(expected, operation)
          }
          open.push(...operations)
        }
        overlay.commit()
      } else if (choice < 8) {
        flights.push({ batch: overlay.closeBatch(entry.take()), operations: open })
        open = []
      } else {
        const flight = flights.shift()
        if (flight) {
          for (const operation of flight.operations) {
            if (operation.kind === 'count') appliedCounter += operation.delta
            else perform(below, operation)
          }
          overlay.applied(flight.batch)
        }
      }
      const range = rangeOf(key(), random.below(3) ? key() : undefined)
      const reverse = random.below(2) === 0
      assert.deepEqual(rows(overlay.scan(range, { reverse })), rows(expected.scan(range, { reverse })), `seed ${seed}`)
      const one = latin1Bytes(key())
      assert.deepEqual(overlay.get(one), expected.get(one), `seed ${seed}`)
      assert.equal(appliedCounter + overlay.counter('c'), counter, `seed ${seed}`)
    }
    flights.push({ batch: overlay.closeBatch(entry.take()), operations: open })
    for (const { batch } of flights) overlay.applied(batch)
    assert.ok(overlay.isEmpty, `seed ${seed}: something is left when everything is applied`)
  }
})

test('keys with the same hash are kept apart', () => {
  const byHash = new Map<number, string>()
  const pairs: [string, string][] = []
  for (let i = 0; pairs.length < 3; i++) {
    const key = `key ${i}`
    const hash = hashKey(latin1Bytes(key))
    const other = byHash.get(hash)
    if (other === undefined) byHash.set(hash, key)
    else pairs.push([other, key])
  }
  const entry = new ByteWriter(16)
  const overlay = new Overlay(createSortedMapTree(), entry)
  const put = (key: string, value: string) => {
    const keyStart = entry.length
    entry.ascii(key + value)
    overlay.put(latin1Bytes(key), keyStart, keyStart + key.length, entry.length)
  }
  const found = (key: string) => {
    const value = overlay.get(latin1Bytes(key))
    return value && latin1Text(value)
  }
  for (const [a, b] of pairs) {
    put(a, '1')
    put(b, '2')
    overlay.commit()
    assert.deepEqual([found(a), found(b)], ['1', '2'])
    const savepoint = overlay.savepoint()
    put(a, '3')
    assert.deepEqual([found(a), found(b)], ['3', '2'])
    overlay.rollback(savepoint)
    assert.deepEqual([found(a), found(b)], ['1', '2'])
    const first = overlay.closeBatch(entry.take())
    put(b, '4')
    overlay.applied(first)
    assert.deepEqual([found(a), found(b)], [undefined, '4'])
    overlay.applied(overlay.closeBatch(entry.take()))
    assert.ok(overlay.isEmpty)
  }
})
