import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { UnumError } from '#kernel/base/errors.ts'
import type { Random } from '#kernel/base/host.ts'
import { createRandom } from '#kernel/base/random.ts'
import { type OpenedNodeLog, openNodeLog } from './node-log.ts'
import { describe, describeGroup } from './testing/log-model.ts'
import { MemoryDisk, noClock } from './testing/memory-disk.ts'
import { type WrittenBatch, type WrittenLog, writeLog } from './testing/written-log.ts'

const batchHeaderBytes = 40
const segmentHeaderBytes = 52

type Files = Map<string, Uint8Array>

/** Opens the log, has `use` write one batch, and closes it. */
async function open(disk: MemoryDisk, use: (log: OpenedNodeLog) => void = () => {}): Promise<OpenedNodeLog> {
  const log = await openNodeLog({
    ...{ disk, clock: noClock, random: createRandom('open'), directory: 'log', segmentBytes: 16 << 10 },
    events: { synced: () => undefined, full: () => assert.fail(), failed: (error) => assert.fail(error) },
  })
  use(log)
  log.flush()
  await log.close()
  return log
}

function isIntact(log: WrittenLog, files: Files, path: string, start: number, end: number): boolean {
  const before = log.files.get(path)!
  const now = files.get(path)
  if (now === before) return true
  if (!now || now.length < end) return false
  for (let at = start; at < end; at++) if (before[at] !== now[at]) return false
  return true
}

/**
 * Opens a log whose files were changed after it was written, and holds what is recovered against what must be: it knows
 * which bytes of which batch were changed, and nothing of how the log finds that out.
 */
async function check(log: WrittenLog, files: Files, what: string): Promise<void> {
  const bad = new Set<WrittenBatch>()
  let proven = 0
  for (const batch of log.batches) {
    const { number, path, start, end, isFirst } = batch
    if (isIntact(log, files, path, start, end)) proven = number
    else bad.add(batch)
    const isNumbered =
      isIntact(log, files, path, start, start + batchHeaderBytes) ||
      (isFirst && isIntact(log, files, path, 0, segmentHeaderBytes))
    if (isNumbered) proven = Math.max(proven, number - 1)
  }
  // What is bad and not proven synced is cut as a torn tail.
  const lost = [...bad].filter(({ number }) => number <= proven)
  const state = log.batches.findLast(({ number }) => number <= proven)?.state ?? new Map()
  const disk = new MemoryDisk(files)
  let opened: OpenedNodeLog
  try {
    opened = await open(disk)
  } catch (error) {
    assert.ok(error instanceof UnumError && error.code === 'DATA_DAMAGED', `${what}: ${error}`)
    const canName = lost.length <= 1 && !bad.has(log.batches[0]!)
    assert.ok(!canName, `${what}: refused without need: ${error.message}`)
    return
  }
  const { recovered, recovery } = opened
  const touched = new Set(lost.flatMap((batch) => [...batch.touched]))
  // Where several are lost in a row it may not be known what was in the first of them. And what is cut may have been
  // the reason for giving up segments, which then are missed.
  const isExact = lost.length <= 1 && bad.size === lost.length
  for (const group of recovered.values()) {
    const { id, damaged } = group
    if (!damaged) assert.equal(describeGroup(group), state.get(id), `${what}: group ${id} lost or invented something`)
    else assert.ok(touched.has(id) || !isExact, `${what}: group ${id} lost nothing`)
  }
  for (const id of state.keys()) assert.ok(recovered.has(id), `${what}: group ${id} is gone`)
  assert.ok(recovery.lost.length === 0 || lost.length > 0, `${what}: no batch was lost`)

  // It is found again; the damaged groups are removed, the others go on.
  const hardState = { term: 5000, vote: 1 }
  await open(disk, (again) => {
    assert.equal(describe(again.recovered.values()), describe(recovered.values()), `${what}: found again`)
    for (const { id, damaged } of recovered.values()) {
      if (damaged) again.appendRemoval(id)
      else again.appendHardState(id, hardState)
    }
  })
  const after = await open(disk)
  const whole = [...recovered.values()].filter(({ damaged }) => !damaged)
  assert.equal(
    describe(after.recovered.values()),
    describe(whole.map((group) => ({ ...group, hardState }))),
    `${what}: afterwards`,
  )
}

/** Logs with few and many segments, large and small batches, busy and quiet groups. */
const logs = await Promise.all([
  writeLog(1, { lives: 3, batches: 25, groupsMax: 5, dataBytesMax: 3000, boundaries: 25 }),
  writeLog(2, { lives: 2, batches: 60, groupsMax: 12, dataBytesMax: 3000, boundaries: 8 }),
  writeLog(3, { lives: 1, batches: 100, groupsMax: 40, dataBytesMax: 300, boundaries: 15 }),
  writeLog(4, { lives: 5, batches: 20, groupsMax: 3, dataBytesMax: 8000, boundaries: 40 }),
])

/** The bytes of one file, to be changed; none where it is gone. */
function own(files: Files, path: string): Uint8Array {
  const bytes = files.get(path)?.slice() ?? new Uint8Array(0)
  if (files.has(path)) files.set(path, bytes)
  return bytes
}

/** Opens so many logs that `change` has changed; it returns what it did. */
async function checkMany(
  count: number,
  change: (files: Files, random: Random, log: WrittenLog) => string,
): Promise<void> {
  for (let i = 0; i < count; i++) {
    const log = logs[i % logs.length]!
    const files = new Map(log.files)
    await check(log, files, `${i}: ${change(files, createRandom(i), log)}`)
  }
}

function pick<T>(random: Random, items: Iterable<T>): T {
  const list = [...items]
  return list[random.below(list.length)]!
}

type Change = (files: Files, random: Random, log: WrittenLog) => string

const changes = {
  'a flipped bit in a batch': (files, random, { batches }) => {
    const { number, path, start, end } = pick(random, batches)
    const at = start + random.below(random.below(2) === 0 ? batchHeaderBytes : end - start)
    own(files, path)[at]! ^= 1 << random.below(8)
    return `byte ${at} of "${path}", in batch ${number}`
  },

  'a flipped bit anywhere': (files, random) => {
    const path = pick(random, files.keys())
    const bytes = own(files, path)
    const at = random.below(random.below(2) === 0 ? segmentHeaderBytes : bytes.length)
    bytes[at]! ^= 1 << random.below(8)
    return `byte ${at} of "${path}"`
  },

  'a range that reads as zeros or as chance': (files, random) => {
    const path = pick(random, files.keys())
    const bytes = own(files, path)
    const unit = pick(random, [1, 512, 4096])
    const start = random.below(Math.ceil(bytes.length / unit)) * unit
    const end = Math.min(bytes.length, start + unit * (1 + random.below(8)))
    if (random.below(2) === 0) bytes.fill(0, start, end)
    else bytes.set(random.bytes(end - start), start)
    return `bytes ${start} to ${end} of "${path}"`
  },

  'a file that was cut, removed, or is that of another segment': (files, random) => {
    const segments = [...files].filter(([path]) => path.endsWith('.log'))
    if (segments.length === 0) return 'none left'
    const [path, bytes] = pick(random, segments)
    const way = random.below(3)
    if (way === 0) files.set(path, bytes.slice(0, random.below(bytes.length)))
    else if (way === 1) files.delete(path)
    else files.set(path, pick(random, files.values()))
    return `way ${way} with "${path}"`
  },
} satisfies Record<string, Change>

suite('groups are whole, or named, after', () => {
  for (const [name, change] of Object.entries<Change>(changes)) test(name, () => checkMany(250, change))

  test('several of these', () =>
    checkMany(250, (files, random, log) => {
      const done: string[] = []
      for (let left = 1 + random.below(3); left >= 0 && files.size > 0; left--) {
        const change = pick<Change>(random, [...Object.values(changes).slice(0, 3), ...Object.values(changes)])
        done.push(change(files, random, log))
      }
      return done.join(', ')
    }))
})
