import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareBytes, copyBytes, latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import { UnumError } from '#kernel/base/errors.ts'
import { Block, BlockCursor } from './block.ts'
import { BlockWriter } from './block-writer.ts'

const b = latin1Bytes
/** A value; undefined for a tombstone. */
type Row = readonly [key: string, value: string | undefined]

function build(rows: readonly Row[]): Uint8Array {
  const writer = new BlockWriter()
  for (const [key, value] of rows) {
    writer.add(b(key), 0, key.length, b(value ?? ''), 0, value === undefined ? -1 : value.length)
  }
  return copyBytes(writer.finish())
}

function rowAt(cursor: BlockCursor): Row {
  const key = latin1Text(cursor.keyBytes, cursor.keyStart, cursor.keyEnd)
  return [key, cursor.isTombstone ? undefined : latin1Text(cursor.valueBytes, cursor.valueStart, cursor.valueEnd)]
}

/** Reads in every way; only checks that it ends. */
function readAll(block: Block, keys: readonly Uint8Array[]): void {
  const cursor = new BlockCursor()
  cursor.reset(block)
  for (cursor.first(); cursor.valid; cursor.next()) rowAt(cursor)
  for (cursor.seekBefore(undefined); cursor.valid; cursor.previous()) rowAt(cursor)
  for (const key of keys) {
    const found = block.find(key)
    assert.ok(!found.isFound || found.valueEnd <= block.bytes.length)
    cursor.seek(key)
    cursor.seekBefore(key)
  }
}

const key = fc.string({ unit: fc.constantFrom('a', 'b', '\x00', '\xff'), maxLength: 8 })
const rows = fc
  .uniqueArray(fc.tuple(key, fc.option(fc.string({ maxLength: 200 }), { nil: undefined })), {
    selector: ([name]) => name,
    maxLength: 80,
    size: 'max',
  })
  .map((list) => list.map(([name, value]) => [name, value && latin1Text(b(value))] as const))
  .map((list) => list.sort(([x], [y]) => compareBytes(b(x), b(y))))

test('a block gives back its rows, both ways, from any key', () => {
  fc.assert(
    fc.property(rows, fc.array(key, { maxLength: 20 }), (list, extra) => {
      const block = new Block(build(list), 'block')
      const cursor = new BlockCursor()
      cursor.reset(block)
      const forward: Row[] = []
      for (cursor.first(); cursor.valid; cursor.next()) forward.push(rowAt(cursor))
      assert.deepEqual(forward, list)
      const backward: Row[] = []
      for (cursor.seekBefore(undefined); cursor.valid; cursor.previous()) backward.push(rowAt(cursor))
      assert.deepEqual(backward.reverse(), list)
      for (const wanted of [...extra, ...list.map(([name]) => name)]) {
        const at = list.findIndex(([name]) => compareBytes(b(name), b(wanted)) >= 0)
        const found = block.find(b(wanted))
        assert.equal(found.isFound, at >= 0 && list[at]![0] === wanted)
        if (found.isFound) {
          const value =
            found.valueEnd < found.valueStart ? undefined : latin1Text(block.bytes, found.valueStart, found.valueEnd)
          assert.equal(value, list[at]![1])
        }
        cursor.seek(b(wanted))
        assert.deepEqual(cursor.valid ? rowAt(cursor) : undefined, at < 0 ? undefined : list[at])
        cursor.seekBefore(b(wanted))
        const before = list[(at < 0 ? list.length : at) - 1]
        assert.deepEqual(cursor.valid ? rowAt(cursor) : undefined, before)
      }
    }),
  )
})

test('hostile bytes are refused or are a block that reads to its end', () => {
  const attempt = (bytes: Uint8Array) => {
    try {
      readAll(new Block(bytes, 'block'), [b(''), b('a'), b('ab'), b('\xff\xff')])
    } catch (error) {
      assert.ok(error instanceof UnumError && error.code === 'DATA_DAMAGED', String(error))
    }
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), attempt), { numRuns: 500 })
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(rows, changes, fc.nat(8), (list, edits, cut) => {
      const bytes = build(list)
      for (const [at, value] of edits) bytes[at % bytes.length] = value
      attempt(bytes.subarray(0, bytes.length - cut))
    }),
    { numRuns: 1_000 },
  )
})

test('a row that shares less with the one before than it could is damage: a lookup would miss it', () => {
  const block = (sharedOfSecond: number) => {
    const second = `key${'2'}`.slice(sharedOfSecond)
    return Uint8Array.of(0, 4, 1, ...b('key1'), sharedOfSecond, second.length, 1, ...b(second), 0, 0, 0, 0, 1, 0, 0, 0)
  }
  assert.equal(new Block(block(3), 'here').find(b('key2')).isFound, true)
  assert.throws(() => new Block(block(2), 'here'), /here: row at 7 shares less than there is/)
})
