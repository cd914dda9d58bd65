import assert from 'node:assert/strict'
import test from 'node:test'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import { createRandom } from '#kernel/base/random.ts'
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
  else performDeletion(target, operation)
}

function performDeletion(target: Pick<TreeWriter, 'delete' | 'deleteRange'>, operation: Operation): void {
  if (operation.kind === 'delete') target.delete(latin1Bytes(operation.key))
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
          else if (operation.kind === 'put') {
            entry.ascii(operation.value)
            overlay.put(latin1Bytes(operation.key), entry.length - operation.value.length, entry.length)
          } else performDeletion(overlay, operation)
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
