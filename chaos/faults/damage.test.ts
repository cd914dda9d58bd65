import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createRandom } from '#kernel/base/random.ts'
import { findByteToFlip, flipByte } from './damage.ts'

function nodeFolder(files: Readonly<Record<string, Buffer>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'unum-damage-'))
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(join(folder, 'data', path, '..'), { recursive: true })
    writeFileSync(join(folder, 'data', path), bytes)
  }
  return folder
}

/** Batches of the log with these numbers, each of two sectors, after the sector of the file's header. */
function segment(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(512 * (1 + 2 * numbers.length))
  for (const [i, number] of numbers.entries()) {
    const at = 512 * (1 + 2 * i)
    bytes.write('UBTC', at)
    bytes.writeBigUInt64LE(BigInt(number), at + 16)
    bytes.writeUInt32LE(600, at + 32)
  }
  return bytes
}

function drawn(folder: string, kind: 'log' | 'table') {
  const random = createRandom(1)
  return Array.from({ length: 200 }, () => findByteToFlip(folder, kind, random))
}

test('a byte of the log is before the last batch of this life of the file', (t) => {
  const folder = nodeFolder({
    'log/0000000000000001.log': segment(7, 8, 9, 3, 4),
    'log/0000000000000002.spare': segment(1, 2),
  })
  t.after(() => rmSync(folder, { recursive: true }))
  const places = drawn(folder, 'log').map((found) => found!.at)
  assert.ok(Math.max(...places) < 512 * 5, `${Math.max(...places)}`)
  assert.ok(Math.max(...places) > 512 * 3)
})

test('a log with a single batch has no byte whose loss could be noticed', (t) => {
  const folder = nodeFolder({ 'log/0000000000000001.log': Buffer.alloc(4096) })
  t.after(() => rmSync(folder, { recursive: true }))
  assert.ok(drawn(folder, 'log').every((found) => found === undefined))
})

test('a byte of a table is of any table, and of nothing else', (t) => {
  const folder = nodeFolder({
    'groups/2/g1/1.table': Buffer.alloc(10),
    'groups/2/g1/2.table': Buffer.alloc(10),
    'groups/2/g1/manifest': Buffer.alloc(10),
  })
  t.after(() => rmSync(folder, { recursive: true }))
  const names = new Set(drawn(folder, 'table').map((found) => found!.path.split('/').at(-1)))
  assert.deepEqual([...names].sort(), ['1.table', '2.table'])
})

test('flipping changes one bit, and again puts it right', (t) => {
  const folder = nodeFolder({ 'groups/2/1.table': Buffer.from('abc') })
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'data/groups/2/1.table')
  flipByte({ path, at: 1 })
  assert.equal(readFileSync(path, 'latin1'), 'arc')
  flipByte({ path, at: 1 })
  assert.equal(readFileSync(path, 'latin1'), 'abc')
})
