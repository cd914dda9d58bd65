import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { UnumError } from '#kernel/base/errors.ts'
import { MemoryDisk } from './testing/memory-disk.ts'
import { entry, ScriptedLog, settle } from './testing/scripted-log.ts'

const indexes = (script: ScriptedLog, group: number) =>
  script.log.recovered.get(group)!.entries.map(({ index }) => index)

/** A log with one batch per group of `groups`, in order: each the next entry of its group. */
async function writeInOrder(groups: readonly number[], segmentBytes = 1 << 20): Promise<ScriptedLog> {
  const script = new ScriptedLog(new MemoryDisk(), segmentBytes)
  await script.open()
  const last = new Map<number, number>()
  for (const group of groups) {
    const index = (last.get(group) ?? 0) + 1
    last.set(group, index)
    await script.batch((log) => log.appendEntries(group, [entry(index)]))
  }
  await script.log.close()
  return script
}

suite('a bad batch', () => {
  for (const part of ['header', 'records'] as const) {
    test(`at the end is cut as a torn tail: ${part}`, async () => {
      const script = await writeInOrder([1, 2, 1, 2])
      script.spoil(script.batches.get(4)!, part)
      await script.open()
      assert.deepEqual(script.damaged, [])
      assert.deepEqual([indexes(script, 1), indexes(script, 2)], [[1, 2], [1]])
      assert.equal(script.log.syncedBatch, 3)
    })

    test(`that is the first of all is cut as well: ${part}`, async () => {
      const script = await writeInOrder([1])
      script.spoil(script.batches.get(1)!, part)
      await script.open()
      assert.equal(script.log.recovered.size, 0)
      await script.batch((log) => log.appendEntries(1, [entry(1)]))
      await script.open()
      assert.deepEqual(indexes(script, 1), [1])
    })

    test(`before a good one damages the groups in it, also those without a later record: ${part}`, async () => {
      const script = await writeInOrder([1, 2, 3, 1, 2, 1])
      script.spoil(script.batches.get(3)!, part)
      await script.open()
      assert.deepEqual(script.damaged, [3])
      assert.deepEqual(
        [indexes(script, 1), indexes(script, 2)],
        [
          [1, 2, 3],
          [1, 2],
        ],
      )
      assert.deepEqual(script.log.recovery.lost, [{ first: 3, last: 3 }])
    })
  }

  test('before a torn one with a whole header is damage: that header proves it synced', async () => {
    const script = await writeInOrder([1, 2, 3, 1, 3, 1])
    script.spoil(script.batches.get(5)!, 'records')
    script.spoil(script.batches.get(6)!, 'records')
    await script.open()
    assert.deepEqual(script.log.recovery.lost, [{ first: 5, last: 5 }])
    assert.ok(script.damaged.includes(3))
  })

  test('stays damage when the header that proved it was in the cache only', async () => {
    const script = await writeInOrder([1, 2, 3, 1, 3, 1])
    script.spoil(script.batches.get(5)!, 'records')
    const torn = script.batches.get(6)!
    script.spoil(torn, 'records')
    await script.open()
    assert.ok(script.damaged.includes(3))
    // The power fails: of the torn batch nothing is left.
    script.disk.files.get(torn.path)!.fill(0, torn.start, torn.end)
    await script.open()
    assert.ok(script.damaged.includes(3))
    assert.equal(script.log.syncedBatch, 6)
  })

  test('that no witness reaches back to damages all groups that nothing confirms later', async () => {
    const others = Array.from({ length: 20 }, () => 5)
    const script = await writeInOrder([1, 2, 3, 4, 5, 1, 2, ...others, 5, 3])
    for (const number of [6, 7, ...others.map((_, i) => 8 + i)]) script.spoil(script.batches.get(number)!, 'records')
    await script.open()
    assert.deepEqual(script.log.recovery.lost, [{ first: 6, last: 27 }])
    // 4 lost nothing, but nothing says so; 3 has a record that follows on.
    assert.deepEqual(script.damaged, [1, 2, 4, 5])
  })

  test('that no witness reaches back to and that bore a group makes the log unusable', async () => {
    const others = Array.from({ length: 20 }, () => 1)
    const script = await writeInOrder([1, 2, 7, ...others, 1, 2])
    for (const number of [3, ...others.map((_, i) => 4 + i)]) script.spoil(script.batches.get(number)!, 'records')
    await assert.rejects(script.open(), (error: UnumError) => {
      assert.match(error.message, /has lost batches 3 to 23. 3 groups were once here, of which 2 are known by name/)
      return error.code === 'DATA_DAMAGED'
    })
  })

  test('in a segment that nobody needs any more harms nobody', async () => {
    const script = new ScriptedLog()
    await script.open()
    const first = await script.batch((log) => {
      log.appendEntries(1, [entry(1)])
      log.appendEntries(2, [entry(1)])
    })
    for (let index = 2; index < 60; index++) {
      await script.batch((log) => log.appendEntries(1, [entry(index, new Uint8Array(1000))]))
    }
    const { path } = script.batches.get(59)!
    assert.notEqual(path, first.path)
    script.spoil(script.batches.get(2)!, 'records')
    // Group 2 keeps the first segment; group 1 has flushed what it lost there.
    await script.batch((log) => log.appendBoundary(1, { index: 40, term: 1 }))
    await script.log.close()
    await script.open()
    assert.ok(script.files.includes(first.path))
    assert.deepEqual(script.damaged, [])
    assert.deepEqual(script.log.recovery.lost, [{ first: 2, last: 2 }])
    assert.equal(indexes(script, 1).length, 19)
  })
})

suite('a damaged group', () => {
  test('stays damaged until it is removed, whatever becomes of the segment that was bad', async () => {
    const script = await writeInOrder([1, 2, 3, 1], 16 << 10)
    script.spoil(script.batches.get(3)!, 'records')
    await script.open()
    for (let index = 3; index < 80; index++) {
      await script.batch((log) => {
        log.appendEntries(1, [entry(index, new Uint8Array(1000))])
        log.appendBoundary(1, { index, term: 1 })
        log.appendBoundary(2, { index, term: 1 })
        log.appendBoundary(3, { index, term: 1 })
      })
    }
    await script.log.close()
    await script.open()
    assert.ok(!script.files.includes('log/0000000000000001.log'))
    assert.deepEqual(script.log.recovery.lost, [])
    assert.deepEqual(script.damaged, [3])
    await script.batch((log) => {
      log.appendRemoval(3)
      log.appendHardState(3, { term: 7, vote: 1 })
    })
    await script.open()
    assert.deepEqual(script.damaged, [])
    assert.deepEqual(script.log.recovered.get(3)!.hardState, { term: 7, vote: 1 })
  })
})

suite('files', () => {
  test('of a newer format are refused, with both versions', async () => {
    const script = await writeInOrder([1])
    const newer = new Uint8Array(4096)
    newer.set(new TextEncoder().encode('UNUMLOG\n'))
    // Version 3 and the checksum of the twelve bytes, computed with another program.
    newer.set([3, 0, 0, 0, 0xa0, 0x8b, 0x6a, 0x14], 8)
    script.disk.files.set('log/0000000000000002.log', newer)
    await assert.rejects(script.open(), (error: UnumError) => {
      assert.match(error.message, /"0000000000000002.log".* format 3 .* format 1$/)
      return error.code === 'FORMAT_UNKNOWN'
    })
  })

  test('of others are left alone', async () => {
    const script = await writeInOrder([1])
    const names = ['log/notes.txt', 'log/1.log', 'log/000000000000000G.log', 'log/ffffffffffffffff.log']
    for (const name of names) script.disk.files.set(name, new Uint8Array([1, 2, 3]))
    await script.open()
    assert.deepEqual(indexes(script, 1), [1])
    for (const name of names) assert.deepEqual(script.disk.files.get(name), new Uint8Array([1, 2, 3]))
  })

  test('of two logs are refused', async () => {
    const script = await writeInOrder([1])
    const other = new ScriptedLog()
    await other.open({ seed: 'another' })
    await other.batch((log) => log.appendEntries(1, [entry(1)]))
    await other.log.close()
    await other.open({ seed: 'another' })
    await other.batch((log) => log.appendEntries(1, [entry(2)]))
    const name = 'log/0000000000000002.log'
    script.disk.files.set(name, other.disk.files.get(name)!)
    await assert.rejects(script.open(), /are of two logs/)
  })

  test('that hold nothing readable are refused, not begun anew', async () => {
    const script = new ScriptedLog(new MemoryDisk([['log/0000000000000001.log', new Uint8Array(8192).fill(7)]]))
    await assert.rejects(script.open(), { code: 'DATA_DAMAGED' })
    const spare = new ScriptedLog(new MemoryDisk([['log/0000000000000001.spare', new Uint8Array(8192)]]))
    await assert.rejects(spare.open(), { code: 'DATA_DAMAGED' })
  })

  test('that a crash left before anything was written are taken over', async () => {
    const script = new ScriptedLog(new MemoryDisk([['log/0000000000000001.log', new Uint8Array(512)]]))
    await script.open()
    await script.batch((log) => log.appendEntries(1, [entry(1)]))
    assert.deepEqual(script.files, ['log/0000000000000002.log'])
  })

  test('are used again when no group needs them, and few are kept', async () => {
    const script = new ScriptedLog()
    await script.open()
    const names = new Set<string>()
    for (let index = 1; index < 400; index++) {
      await script.batch((log) => {
        log.appendEntries(1, [entry(index, new Uint8Array(1000))])
        if (index % 20 === 0) log.appendBoundary(1, { index, term: 1 })
      })
      await settle()
      assert.ok(script.files.length <= 6, script.files.join())
      assert.ok(script.log.bytes < 5 * (16 << 10))
      for (const name of script.files) names.add(name)
    }
    assert.ok([...names].some((name) => name.endsWith('.spare')))
    assert.ok(script.disk.created < 8, `${script.disk.created} files were created`)
    await script.log.close()
    await script.open()
    assert.equal(indexes(script, 1).at(-1), 399)
    assert.equal(indexes(script, 1)[0], 381)
  })

  test('are not kept for a group that only has a hard state', async () => {
    const script = new ScriptedLog()
    await script.open()
    await script.batch((log) => {
      log.appendHardState(9, { term: 3, vote: 2 })
      log.appendConfiguration(9, new Uint8Array([1, 2, 3]))
    })
    for (let index = 1; index < 60; index++) {
      await script.batch((log) => {
        log.appendEntries(1, [entry(index, new Uint8Array(1000))])
        log.appendBoundary(1, { index, term: 1 })
      })
    }
    await script.log.close()
    assert.ok(!script.files.includes('log/0000000000000001.log'))
    await script.open()
    const group = script.log.recovered.get(9)!
    assert.deepEqual(group.hardState, { term: 3, vote: 2 })
    assert.deepEqual(group.configuration, new Uint8Array([1, 2, 3]))
  })

  test('are small at the start', async () => {
    const script = new ScriptedLog(new MemoryDisk(), 64 << 20)
    await script.open()
    await settle()
    assert.deepEqual(script.files, ['log/0000000000000001.log'])
    assert.equal(script.disk.files.get(script.files[0]!)!.length, 512)
    await script.batch((log) => log.appendEntries(1, [entry(1)]))
    await settle()
    assert.equal(script.disk.files.get(script.files[0]!)!.length, 4096)
  })
})

suite('batches', () => {
  test('are written when flush is called, one at a time', async () => {
    const script = new ScriptedLog()
    const log = await script.open()
    const before = script.disk.durableWrites.length
    assert.equal(log.appendEntries(1, [entry(1)]), 1)
    assert.equal(log.appendHardState(1, { term: 1, vote: 1 }), 1)
    await settle()
    assert.equal(script.disk.durableWrites.length, before)
    log.flush()
    assert.equal(log.appendEntries(1, [entry(2)]), 2)
    assert.equal(log.appendEntries(2, [entry(1)]), 2)
    log.flush()
    log.flush()
    assert.equal(log.syncedBatch, 0)
    await settle()
    assert.deepEqual(script.synced, [1, 2])
    assert.equal(script.disk.durableWrites.length, before + 2)
    assert.equal(log.appendEntries(2, []), 2)
    log.flush()
    await settle()
    assert.equal(script.disk.durableWrites.length, before + 2)
  })

  test('end before they become too large', async () => {
    const script = new ScriptedLog(new MemoryDisk(), 1 << 20)
    await script.open({ batchBytesMax: 10_000 })
    const entries = Array.from({ length: 50 }, (_, i) => entry(i + 1, new Uint8Array(i % 10 === 0 ? 6000 : 900)))
    script.log.appendHardState(1, { term: 1, vote: 1 })
    const number = script.log.appendEntries(1, entries)
    assert.ok(number > 8, `${number}`)
    script.log.flush()
    await settle()
    assert.deepEqual(
      script.synced,
      Array.from({ length: number }, (_, i) => i + 1),
    )
    for (const { chunks } of script.disk.durableWrites) {
      assert.ok(chunks.reduce((sum, { length }) => sum + length, 0) < 10_000 + 3 * 4096)
    }
    await script.open()
    assert.deepEqual(script.log.recovered.get(1)!.entries, entries)
  })

  test('that were flushed are synced before close resolves; others are not written', async () => {
    const script = new ScriptedLog()
    const log = await script.open()
    log.appendEntries(1, [entry(1)])
    log.flush()
    log.appendEntries(1, [entry(2)])
    log.flush()
    await log.close()
    assert.deepEqual(script.synced, [1, 2])
    const next = await script.open()
    next.appendEntries(1, [entry(3)])
    await next.close()
    next.flush()
    await script.open()
    assert.deepEqual(indexes(script, 1), [1, 2])
  })

  test('that were flushed are synced also where the log is closed by who hears of the one before', async () => {
    const script = new ScriptedLog()
    const log = await script.open()
    let closed: Promise<void> | undefined
    script.onSynced = () => {
      closed ??= log.close()
    }
    log.appendEntries(1, [entry(1)])
    log.flush()
    log.appendEntries(1, [entry(2)])
    log.flush()
    await settle()
    await closed
    assert.deepEqual(script.synced, [1, 2])
  })

  test('are not written any more after one has failed', async () => {
    const script = new ScriptedLog()
    const log = await script.open()
    await script.batch(() => log.appendEntries(1, [entry(1)]))
    script.disk.failWrites = new UnumError('DISK_FAILED', 'Cannot write')
    log.appendEntries(1, [entry(2)])
    log.flush()
    log.appendEntries(1, [entry(3)])
    log.flush()
    await settle()
    script.disk.failWrites = undefined
    log.appendEntries(1, [entry(4)])
    log.flush()
    await settle()
    assert.deepEqual(
      script.failures.map(({ message }) => message),
      ['Cannot write'],
    )
    assert.deepEqual(script.synced, [1])
    assert.equal(log.syncedBatch, 1)
    await log.close()
  })

  test('need the boundary of a snapshot before entries that follow it', async () => {
    const script = new ScriptedLog()
    const log = await script.open()
    log.appendEntries(1, [entry(1), entry(2), entry(3)])
    assert.throws(() => log.appendEntries(1, [entry(5)]), /entries follow those/)
    log.appendBoundary(1, { index: 2, term: 4 }, 'forget')
    assert.throws(() => log.appendEntries(1, [entry(4)]), /entries follow those/)
    log.appendEntries(1, [entry(3, 'other')])
    log.flush()
    await settle()
    await script.open()
    assert.deepEqual(script.log.recovered.get(1)!.entries, [entry(3, 'other')])
    assert.deepEqual(script.log.recovered.get(1)!.boundary, { index: 2, term: 4 })
  })
})

test('what was recovered is let go with the first record of its group', async () => {
  const script = await writeInOrder([1, 2])
  const log = await script.open()
  log.appendBoundary(1, { index: 1, term: 1 })
  assert.deepEqual([...log.recovered.keys()], [2])
})
