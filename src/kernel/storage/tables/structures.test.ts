import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareBytes, latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import type { CacheEntry } from './block-cache.ts'
import { BlockCache } from './block-cache.ts'
import { addToFilter, filterBytes, hashKey, mayContain } from './bloom-filter.ts'
import { keyBytesMax, valueBytesMax } from './keys.ts'
import { MemoryTable } from './memory-table.ts'
import { RangeSet } from './range-set.ts'
import { separator } from './table-writer.ts'

const b = latin1Bytes

test('hashKey is MurmurHash3_x86_32 with seed 0', () => {
  const vectors: [string, number][] = [
    ['', 0],
    ['test', 0xba6b_d213],
    ['Hello, world!', 0xc036_3e43],
    ['The quick brown fox jumps over the lazy dog', 0x2e4f_f723],
  ]
  for (const [text, hash] of vectors) assert.equal(hashKey(b(text)), hash, text)
  assert.equal(hashKey(b('xxtestx'), 2, 6), 0xba6b_d213)
})

test('a filter lets all its keys pass and about one in a hundred others', () => {
  for (const keys of [1, 100, 20_000]) {
    const filter = new Uint8Array(filterBytes(keys))
    for (let i = 0; i < keys; i++) addToFilter(filter, hashKey(b(`key:${i}`)))
    for (let i = 0; i < keys; i++) assert.ok(mayContain(filter, hashKey(b(`key:${i}`))))
    let passed = 0
    for (let i = 0; i < 20_000; i++) if (mayContain(filter, hashKey(b(`other:${i}`)))) passed++
    assert.ok(passed < 20_000 * 0.015, `${passed} of 20000 with ${keys} keys`)
  }
})

test('a separator is at or above the last key and below the next', () => {
  const key = fc.string({ unit: fc.constantFrom('\x00', 'a', 'b', '\xff'), maxLength: 6 })
  fc.assert(
    fc.property(key, key, (x, y) => {
      if (x === y) return
      const [last, next] = [b(x), b(y)].sort(compareBytes) as [Uint8Array, Uint8Array]
      const between = separator(last, next)
      assert.ok(compareBytes(last, between) <= 0 && compareBytes(between, next) < 0)
      assert.ok(between.length <= last.length)
    }),
  )
})

const short = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), maxLength: 3 })

test('a set of ranges holds exactly the keys of what was added', () => {
  const range = fc.tuple(short, fc.option(short, { nil: undefined }))
  const everyKey = ['']
  for (let i = 0; i < everyKey.length; i++) {
    if (everyKey[i]!.length < 3) everyKey.push(...['a', 'b', 'c', 'd'].map((letter) => everyKey[i] + letter))
  }
  fc.assert(
    fc.property(fc.array(range, { maxLength: 12 }), range, (list, window) => {
      const set = new RangeSet()
      for (const [from, to] of list) set.add({ from: b(from), to: to === undefined ? undefined : b(to) })
      const isIn = (key: string, [from, to]: (typeof list)[number]) => key >= from && (to === undefined || key < to)
      for (const key of everyKey) {
        assert.equal(
          set.find(b(key)) !== undefined,
          list.some((range) => isIn(key, range)),
          key,
        )
      }
      for (let i = 1; i < set.ranges.length; i++) {
        assert.ok(compareBytes(set.ranges[i - 1]!.to!, set.ranges[i]!.from) < 0, 'sorted and not touching')
      }
      const area = { from: b(window[0]), to: window[1] === undefined ? undefined : b(window[1]) }
      const clipped = new RangeSet(set.clip(area))
      for (const key of everyKey) {
        const expected = isIn(key, window) && set.find(b(key)) !== undefined
        assert.equal(clipped.find(b(key)) !== undefined, expected)
        if (expected) assert.ok(set.overlaps(area))
      }
    }),
  )
})

test('a memory table is a sorted map, whatever its keys share', () => {
  const key = fc.oneof(
    short,
    short.map((text) => `shared prefix of keys ${text}`),
    fc.string({ maxLength: 12 }),
  )
  const step = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ kind: fc.constant('put' as const), key, value: fc.string({ maxLength: 40 }) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('delete' as const, 'remove' as const), key }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('range' as const), key, to: fc.option(key, { nil: undefined }) }),
    },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
      const table = new MemoryTable()
      /** null for a tombstone. */
      const twin = new Map<string, string | null>()
      const bytesOf = (text: string) => new TextEncoder().encode(text)
      const nameOf = (text: string) => latin1Text(bytesOf(text))
      for (const step of steps) {
        const name = nameOf(step.key)
        if (step.kind === 'put') {
          table.put(bytesOf(step.key), bytesOf(step.value))
          twin.set(name, nameOf(step.value))
        } else if (step.kind === 'delete') {
          table.delete(bytesOf(step.key))
          twin.set(name, null)
        } else if (step.kind === 'remove') {
          table.remove(bytesOf(step.key))
          twin.delete(name)
        } else if (step.kind === 'range') {
          const to = step.to === undefined ? undefined : nameOf(step.to)
          table.deleteRange({ from: b(name), to: to === undefined ? undefined : b(to) }, false)
          for (const other of [...twin.keys()]) {
            if (other >= name && (to === undefined || other < to)) twin.delete(other)
          }
        }
      }
      const sorted = [...twin].sort(([x], [y]) => (x < y ? -1 : 1))
      const cursor = table.cursor()
      const row = () => {
        const name = latin1Text(cursor.keyBytes, cursor.keyStart, cursor.keyEnd)
        return [name, cursor.isTombstone ? null : latin1Text(cursor.valueBytes, cursor.valueStart, cursor.valueEnd)]
      }
      const forward = []
      for (cursor.first(); cursor.valid; cursor.next()) forward.push(row())
      assert.deepEqual(forward, sorted)
      const backward = []
      for (cursor.seekBefore(undefined); cursor.valid; cursor.previous()) backward.push(row())
      assert.deepEqual(backward.reverse(), sorted)
      for (const step of steps) {
        const name = nameOf(step.key)
        const node = table.find(b(name), hashKey(b(name)))
        const value = twin.get(name)
        assert.equal(node !== 0, value !== undefined)
        if (node !== 0) assert.equal(table.isTombstone(node) ? null : latin1Text(table.value(node)), value)
        const at = sorted.findIndex(([other]) => other >= name)
        cursor.seek(b(name))
        assert.deepEqual(cursor.valid ? row() : undefined, sorted[at < 0 ? sorted.length : at])
        cursor.seekBefore(b(name))
        assert.deepEqual(cursor.valid ? row() : undefined, sorted[(at < 0 ? sorted.length : at) - 1])
      }
    }),
    { numRuns: 200 },
  )
})

test('the longest key and value fit, longer ones are refused', () => {
  const table = new MemoryTable()
  const key = new Uint8Array(keyBytesMax).fill(7)
  const value = new Uint8Array(valueBytesMax).fill(9)
  table.put(key, value)
  table.put(b('a'), b('b'))
  assert.equal(table.value(table.find(key, hashKey(key))).length, valueBytesMax)
  assert.throws(() => table.put(new Uint8Array(keyBytesMax + 1), b('')), RangeError)
  assert.throws(() => table.put(b(''), new Uint8Array(valueBytesMax + 1)), RangeError)
})

test('the cache keeps what is hit and what is pinned, and stays within its bytes otherwise', () => {
  const cache = new BlockCache<string>({ bytesMax: 10_000 })
  const home = new Map<number, CacheEntry<string>>()
  const add = (offset: number) => cache.add(home, offset, `block ${offset}`, 1_000 - 160)
  const pinned = add(0)
  const hot = add(1)
  cache.unpin(hot)
  for (let offset = 2; offset < 50; offset++) {
    cache.unpin(add(offset))
    hot.referenced = true
    assert.ok(cache.bytes <= 10_000)
  }
  assert.ok(home.has(0) && home.has(1))
  assert.equal(home.size, 10)
  const all = Array.from({ length: 20 }, (_, i) => add(100 + i))
  assert.ok(cache.bytes > 10_000, 'what is pinned may exceed the bound')
  for (const entry of [...all, pinned]) cache.unpin(entry)
  assert.ok(cache.bytes <= 10_000)
  cache.drop(home)
  assert.equal(cache.bytes, 0)
})

test('a block larger than the cache drives out all others, stays while it is pinned, and leaves', () => {
  const cache = new BlockCache<string>({ bytesMax: 10_000 })
  const home = new Map<number, CacheEntry<string>>()
  for (let offset = 0; offset < 3; offset++) cache.unpin(cache.add(home, offset, 'block', 1_000))
  const large = cache.add(home, 3, 'large', 20_000)
  assert.deepEqual([...home.keys()], [3])
  cache.unpin(large)
  assert.deepEqual([home.size, cache.bytes], [0, 0])
})
