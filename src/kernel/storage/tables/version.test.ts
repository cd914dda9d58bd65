import assert from 'node:assert/strict'
import { test } from 'node:test'
import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import type { TreeLimits } from './compaction.ts'
import { chooseCompaction, treeLimitDefaults } from './compaction.ts'
import { levelCount } from './manifest.ts'
import { RangeSet } from './range-set.ts'
import type { TableFile } from './table-file.ts'
import { Version } from './version.ts'

const b = latin1Bytes

interface Parts {
  readonly name: string
  /** `a-c`: from a up to c. */
  readonly range: string
  readonly hides?: readonly string[]
  readonly size?: number
  readonly rows?: number
  readonly tombstones?: number
}

function rangeOf(text: string) {
  const [from, to] = text.split('-')
  return { from: b(from!), to: to ? b(to) : undefined }
}

/** What a version looks at of a file, and a name. */
function file(parts: Parts): TableFile {
  const { name, size = 100, rows = 10, tombstones = 0 } = parts
  const ranges = new RangeSet((parts.hides ?? []).map(rangeOf))
  return { name, size, range: rangeOf(parts.range), ranges, footer: { rows, tombstones } } as unknown as TableFile
}

function version(levels: Record<number, TableFile[]>): Version {
  return new Version(Array.from({ length: levelCount }, (_, level) => levels[level] ?? []))
}

function namesOf(tables: readonly TableFile[]): string {
  return tables.map((table) => (table as unknown as Parts).name).join(' ')
}

function shape(version: Version): string {
  return version.levels.map(namesOf).join(' | ')
}

test('a flush goes before the files of level 0, a merge in order of keys', () => {
  const [a, c, e] = [
    file({ name: 'a', range: 'a-b' }),
    file({ name: 'c', range: 'c-d' }),
    file({ name: 'e', range: 'e-f' }),
  ]
  const before = version({ 0: [a], 1: [c, e] })
  const flushed = before.apply({ removed: [], added: [file({ name: 'new', range: 'a-z' })], level: 0 })
  assert.equal(shape(flushed), 'new a | c e |  |  |  |  | ')
  const merged = flushed.apply({
    removed: [a, c],
    added: [file({ name: 'm', range: 'a-c' }), file({ name: 'n', range: 'c-e' })],
    level: 1,
  })
  assert.equal(shape(merged), 'new | m n e |  |  |  |  | ')
})

test('files that lie in a range tombstone of a newer one go with it; newer and partly covered ones stay', () => {
  const newer = file({ name: 'newer', range: 'k-m' })
  const older = file({ name: 'older', range: 'k-m' })
  const partly = file({ name: 'partly', range: 'a-l' })
  const flushed = version({ 0: [older], 1: [partly, file({ name: 'x', range: 'l-m' })] }).apply({
    removed: [],
    added: [file({ name: 'new', range: 'k-n', hides: ['k-n'] })],
    level: 0,
  })
  assert.equal(shape(flushed), 'new | partly |  |  |  |  | ')
  const merged = version({ 0: [newer], 1: [newer], 3: [older] }).apply({
    removed: [],
    added: [file({ name: 'out', range: 'k-n', hides: ['k-n'] })],
    level: 2,
  })
  assert.equal(shape(merged), 'newer | newer | out |  |  |  | ')
})

test('a file that is gone does not change its level', () => {
  const [kept, gone] = [file({ name: 'kept', range: 'a-b' }), file({ name: 'gone', range: 'c-d' })]
  const moved = version({ 1: [kept] }).apply({ removed: [kept, gone], added: [kept, gone], level: 2 })
  assert.equal(shape(moved), ' |  | kept |  |  |  | ')
})

test('what overlaps a range is found on every level', () => {
  const tables = ['a-b', 'b-d', 'e-f', 'f-'].map((range) => file({ name: range, range }))
  const both = version({ 0: tables, 1: tables })
  for (const [range, expected] of [
    ['a-', 'a-b b-d e-f f-'],
    ['b-c', 'b-d'],
    ['d-e', ''],
    ['c-e', 'b-d'],
    ['c-ea', 'b-d e-f'],
    ['z-', 'f-'],
  ]) {
    for (const level of [0, 1]) assert.equal(namesOf(both.overlapping(level, rangeOf(range!))), expected)
    assert.equal(both.touches(rangeOf(range!)), expected !== '')
  }
  assert.equal(latin1Text(both.below(-1).ranges[0]!.from), 'a')
  assert.equal(both.below(0).ranges.length, 2)
  assert.equal(both.below(1).ranges.length, 0)
})

const limits = { ...treeLimitDefaults, fileBytesMax: 100, level0FilesMax: 2, level1BytesMax: 250 }

function choice(levels: Record<number, TableFile[]>, changed: Partial<TreeLimits> = {}): string {
  const task = chooseCompaction(version(levels), { ...limits, ...changed })
  if (task === undefined) return 'nothing'
  const cuts = task.cuts.map((key) => latin1Text(key)).join(' ')
  const what = `${task.level}: ${namesOf(task.upper)} + ${namesOf(task.lower)}${task.isMove ? ', moved' : ''}`
  return cuts === '' ? what : `${what}, cut at ${cuts}`
}

test('the level that is furthest above its limit is compacted', () => {
  const one = (name: string, range: string, more = {}) => file({ name, range, ...more })
  assert.equal(choice({}), 'nothing')
  assert.equal(choice({ 0: [one('x', 'a-z')], 1: [one('a', 'a-b', { size: 250 })] }), 'nothing')
  assert.equal(choice({ 0: [one('y', 'b-c'), one('x', 'b-e')], 1: [one('a', 'a-b'), one('d', 'd-f')] }), '0: y x + d')
  assert.equal(choice({ 0: [one('y', 'b-c'), one('x', 'd-e')], 1: [one('a', 'a-b')] }), '0: y x + , moved')
  assert.equal(choice({ 0: [one('y', 'b-c', { tombstones: 1 }), one('x', 'd-e')] }), '0: y x + ')
  const deep = { 1: [one('a', 'a-c'), one('c', 'c-e'), one('e', 'e-g')], 2: [one('p', 'a-b'), one('q', 'b-d')] }
  assert.equal(choice(deep), '1: e + , moved')
  assert.equal(choice({ ...deep, 0: [one('y', 'a-b'), one('x', 'a-b'), one('w', 'a-b')] }), '0: y x w + a')
})

test('level 0 goes first from half of its bound on', () => {
  const level0 = (count: number) => Array.from({ length: count }, (_, i) => file({ name: `f${i}`, range: 'a-b' }))
  const level1 = [file({ name: 'large', range: 'a-c', size: 2500 })]
  assert.equal(choice({ 0: level0(5), 1: level1 }), '1: large + , moved')
  assert.equal(choice({ 0: level0(6), 1: level1 }), '0: f0 f1 f2 f3 f4 f5 + large')
})

test('a file that is mostly tombstones is compacted where nothing else is to be done', () => {
  const half = file({ name: 'half', range: 'a-c', rows: 10, tombstones: 5 })
  const few = file({ name: 'few', range: 'c-d', rows: 10, tombstones: 4 })
  assert.equal(choice({ 1: [half, few], 3: [file({ name: 'deep', range: 'a-b' })] }), '1: half + ')
  assert.equal(choice({ 1: [few] }), 'nothing')
  assert.equal(choice({ 2: [file({ name: 'range', range: 'a-c', rows: 0, hides: ['a-c'] })] }), '2: range + ')
  assert.equal(choice({ 6: [half] }), 'nothing')
})

test('outputs end where ten times a file lies under them', () => {
  const upper = [file({ name: 'y', range: 'a-z' }), file({ name: 'x', range: 'a-z' })]
  const under = [...'abcdefghijklmnopqrst'].map((letter) => {
    const range = `${letter}-${letter}z`
    return file({ name: letter, range, size: 400 })
  })
  assert.equal(choice({ 0: upper, 2: under }, { level1BytesMax: 10_000 }), '0: y x + , cut at d g j m p s')
})
