import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareBytes, copyBytes, latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import type { FlushMark, KeyRange, Tree, TreeReader } from './tree.ts'
import { BlockMiss } from './tree.ts'

const b = latin1Bytes

/** A tree under test, and how to come back to it. */
export interface TreeUnderTest {
  readonly tree: Tree
  /** Closes the tree and opens it again; undefined for trees that keep nothing. */
  readonly reopen: (() => Promise<void>) | undefined
  /** Lets the tree's promises resolve. */
  settle<T>(promise: Promise<T>): Promise<T>
}

/** Runs `read` as an evaluation: again from its start after each block that was missing. */
export async function evaluate<T>(under: TreeUnderTest, read: (reader: TreeReader) => T): Promise<T> {
  try {
    for (;;) {
      try {
        return read(under.tree)
      } catch (error) {
        if (!(error instanceof BlockMiss)) throw error
        await under.settle(under.tree.load(error.block))
      }
    }
  } finally {
    under.tree.unpin()
  }
}

export function rowsOf(reader: TreeReader, range: KeyRange, reverse = false): [string, string][] {
  const rows: [string, string][] = []
  const cursor = reader.scan(range, { reverse })
  while (cursor.next()) rows.push([latin1Text(cursor.key), latin1Text(cursor.value)])
  return rows
}

export function markAt(index: number, meta = ''): FlushMark {
  return { index, term: 1, meta: b(meta) }
}

const everything: KeyRange = { from: b(''), to: undefined }

/** What every tree does. `make` gives an empty one. */
export function checkTree(name: string, make: () => Promise<TreeUnderTest>): void {
  const check = (claim: string, run: (under: TreeUnderTest) => Promise<void>) =>
    test(`${name}: ${claim}`, async () => {
      const under = await make()
      await run(under)
      await under.settle(under.tree.close())
    })
  const all = (under: TreeUnderTest, reverse = false) => evaluate(under, (tree) => rowsOf(tree, everything, reverse))
  const get = (under: TreeUnderTest, key: string) =>
    evaluate(under, (tree) => {
      const value = tree.get(b(key))
      return value && latin1Text(value)
    })

  check('a new tree is empty and at index 0', async (under) => {
    assert.deepEqual(await all(under), [])
    assert.equal(await get(under, 'a'), undefined)
    assert.equal(under.tree.flushed.index, 0)
    assert.equal(under.tree.pressure, 0)
  })

  check('the last put of a key counts, longer, shorter or empty', async (under) => {
    for (const value of ['one', 'longer than one', '', 'x']) {
      under.tree.put(b('k'), b(value))
      assert.equal(await get(under, 'k'), value)
    }
    assert.deepEqual(await all(under), [['k', 'x']])
  })

  check('the bytes of a put are copied', async (under) => {
    const key = copyBytes(b('key'))
    const value = copyBytes(b('value'))
    under.tree.put(key, value)
    key.fill(0)
    value.fill(0)
    assert.deepEqual(await all(under), [['key', 'value']])
  })

  check('a row put as ranges of other bytes is that row, new or not, and copied', async (under) => {
    const bytes = copyBytes(b('..key1valuekey1longer value..'))
    under.tree.putRange(bytes, 2, 6, 6, 11)
    assert.equal(await get(under, 'key1'), 'value')
    under.tree.putRange(bytes, 11, 15, 15, 27)
    under.tree.putRange(bytes, 2, 5, 6, 6)
    bytes.fill(0)
    assert.deepEqual(await all(under), [
      ['key', ''],
      ['key1', 'longer value'],
    ])
  })

  check('keys are in the order of unsigned bytes, prefixes first, the empty key too', async (under) => {
    const keys = ['\xff\xff', 'b', '', '\x00', 'a\x00', 'a', 'abcd', 'abc', 'abcde', '\xff', '\x80', 'ab', '\x00\x00']
    for (const key of keys) under.tree.put(b(key), b(`v${key}`))
    const sorted = [...keys].sort((x, y) => compareBytes(b(x), b(y)))
    assert.deepEqual(
      (await all(under)).map(([key]) => key),
      sorted,
    )
    assert.deepEqual(
      (await all(under, true)).map(([key]) => key),
      [...sorted].reverse(),
    )
    for (const key of keys) assert.equal(await get(under, key), `v${key}`)
  })

  check('a scan gives from <= key < to, both ways', async (under) => {
    for (const key of ['a', 'b', 'c', 'd', 'e']) under.tree.put(b(key), b(key))
    const scan = (from: string, to: string | undefined, reverse: boolean) =>
      evaluate(under, (tree) => rowsOf(tree, { from: b(from), to: to === undefined ? undefined : b(to) }, reverse))
    for (const reverse of [false, true]) {
      const keys = async (from: string, to?: string) => {
        const found = (await scan(from, to, reverse)).map(([key]) => key).join('')
        return reverse ? [...found].reverse().join('') : found
      }
      assert.equal(await keys('b', 'd'), 'bc')
      assert.equal(await keys('b', 'd\x00'), 'bcd')
      assert.equal(await keys('bb'), 'cde')
      assert.equal(await keys('', 'c'), 'ab')
      assert.equal(await keys('c', 'c'), '')
      assert.equal(await keys('d', 'b'), '')
      assert.equal(await keys('f'), '')
    }
  })

  check('a cursor at its end stays there', async (under) => {
    under.tree.put(b('a'), b('1'))
    const ends = await evaluate(under, (tree) => {
      const cursor = tree.scan(everything)
      return [cursor.next(), cursor.next(), cursor.next()]
    })
    assert.deepEqual(ends, [true, false, false])
  })

  check('deletes hide rows in memory and in files, and a later put shows', async (under) => {
    for (const key of ['a', 'b', 'c']) under.tree.put(b(key), b('1'))
    await under.settle(under.tree.flush(markAt(3)))
    under.tree.delete(b('b'))
    under.tree.delete(b('missing'))
    assert.deepEqual(await all(under), [
      ['a', '1'],
      ['c', '1'],
    ])
    await under.settle(under.tree.flush(markAt(5)))
    assert.deepEqual(await all(under), [
      ['a', '1'],
      ['c', '1'],
    ])
    under.tree.put(b('b'), b('2'))
    assert.deepEqual(await all(under), [
      ['a', '1'],
      ['b', '2'],
      ['c', '1'],
    ])
    assert.equal(await get(under, 'b'), '2')
  })

  check('deleteRange takes from <= key < to out of memory and files, not what is put later', async (under) => {
    for (const key of ['a', 'b', 'c', 'd', 'e']) under.tree.put(b(key), b('1'))
    await under.settle(under.tree.flush(markAt(5)))
    under.tree.put(b('bb'), b('1'))
    under.tree.deleteRange({ from: b('b'), to: b('d') })
    under.tree.put(b('c'), b('2'))
    under.tree.put(b('cc'), b('2'))
    under.tree.delete(b('cc'))
    const expected = [
      ['a', '1'],
      ['c', '2'],
      ['d', '1'],
      ['e', '1'],
    ]
    assert.deepEqual(await all(under), expected)
    assert.deepEqual(await all(under, true), [...expected].reverse())
    assert.equal(await get(under, 'b'), undefined)
    assert.equal(await get(under, 'c'), '2')
    await under.settle(under.tree.flush(markAt(9)))
    assert.deepEqual(await all(under), expected)
    assert.deepEqual(await all(under, true), [...expected].reverse())
    under.tree.deleteRange({ from: b('d'), to: b('d') })
    under.tree.deleteRange({ from: b('c'), to: undefined })
    assert.deepEqual(await all(under), [['a', '1']])
    under.tree.deleteRange({ from: b(''), to: undefined })
    assert.deepEqual(await all(under), [])
  })

  check('changes during a flush are kept beside it', async (under) => {
    under.tree.put(b('a'), b('1'))
    under.tree.put(b('b'), b('1'))
    const flush = under.tree.flush(markAt(2, 'two'))
    under.tree.put(b('a'), b('2'))
    under.tree.delete(b('b'))
    under.tree.put(b('c'), b('2'))
    assert.deepEqual(await all(under), [
      ['a', '2'],
      ['c', '2'],
    ])
    await under.settle(flush)
    assert.deepEqual(await all(under), [
      ['a', '2'],
      ['c', '2'],
    ])
    assert.equal(under.tree.flushed.index, 2)
    assert.equal(latin1Text(under.tree.flushed.meta), 'two')
  })

  check('a flush of nothing moves the mark', async (under) => {
    await under.settle(under.tree.flush(markAt(7, 'seven')))
    assert.equal(under.tree.flushed.index, 7)
    assert.deepEqual(await all(under), [])
  })

  check('rows of every size up to a megabyte', async (under) => {
    const sizes = [0, 1, 15, 16, 127, 128, 4095, 4096, 65_536, 1 << 20]
    const keys = sizes.map((size, i) => `${i}${'k'.repeat(Math.min(size, 5_000))}`)
    for (const [i, size] of sizes.entries()) under.tree.put(b(keys[i]!), b(String(i % 10).repeat(size)))
    for (let round = 0; round < 2; round++) {
      for (const [i, size] of sizes.entries()) assert.equal(await get(under, keys[i]!), String(i % 10).repeat(size))
      assert.deepEqual(
        (await all(under)).map(([key]) => key),
        [...keys].sort(),
      )
      await under.settle(under.tree.flush(markAt(round + 1)))
    }
  })

  check('a reopened tree is that of the last flush', async (under) => {
    if (under.reopen === undefined) return
    under.tree.put(b('a'), b('1'))
    under.tree.put(b('b'), b('1'))
    await under.settle(under.tree.flush(markAt(2, 'meta')))
    under.tree.put(b('c'), b('1'))
    under.tree.delete(b('a'))
    await under.reopen()
    assert.deepEqual(await all(under), [
      ['a', '1'],
      ['b', '1'],
    ])
    assert.deepEqual(
      [under.tree.flushed.index, under.tree.flushed.term, latin1Text(under.tree.flushed.meta)],
      [2, 1, 'meta'],
    )
  })
}
