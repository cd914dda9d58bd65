import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8Bytes, utf8Text } from '#kernel/base/bytes.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { DiskFile } from '#kernel/base/host.ts'
import { type Machine, Simulation } from './index.ts'

const noErrors = { read: 0, write: 0, sync: 0, directory: 0 }

async function withFile(seed: number) {
  const simulation = new Simulation({ seed })
  const machine = simulation.machine('n1')
  const file = await simulation.complete(machine.host.disk.open('file', { create: true }))
  await simulation.complete(machine.host.disk.syncDirectory(''))
  const code = (work: Promise<unknown>): Promise<string> =>
    simulation.complete(
      work.then(
        () => 'done',
        (error) => (error instanceof UnumError ? error.code : String(error)),
      ),
    )
  const durably = (bytes: Uint8Array, position = 0): Promise<unknown> =>
    new Promise<void>((resolve, reject) => {
      file.writeDurably(position, [bytes], (error) => (error ? reject(error) : resolve()))
    })
  return { simulation, machine, file, code, durably }
}

/** What a new process finds in the file. */
async function textAfter(simulation: Simulation, machine: Machine): Promise<string> {
  const file: DiskFile = await simulation.complete(machine.restart().disk.open('file', { create: false }))
  return utf8Text(await simulation.complete(file.read(0, 10_000)))
}

test('reads, writes, syncs and directory requests fail as often as they are told to', async () => {
  const { simulation, machine, file, code, durably } = await withFile(1)
  await simulation.complete(file.write(0, utf8Bytes('abc')))
  machine.failDisk({ ...noErrors, read: 1 })
  assert.equal(await code(file.read(0, 3)), 'DISK_FAILED')
  assert.equal(await code(file.sync()), 'done')
  machine.failDisk({ ...noErrors, sync: 1 })
  assert.equal(await code(file.read(0, 3)), 'done')
  assert.equal(await code(file.sync()), 'DISK_FAILED')
  assert.equal(await code(durably(utf8Bytes('def'))), 'DISK_FAILED')
  machine.failDisk({ ...noErrors, write: 1 })
  assert.equal(await code(file.write(0, utf8Bytes('ghi'))), 'DISK_FAILED')
  assert.equal(await code(file.truncate(1)), 'DISK_FAILED')
  machine.failDisk({ ...noErrors, directory: 1 })
  assert.equal(await code(machine.host.disk.rename('file', 'other')), 'DISK_FAILED')
  machine.failDisk()
  assert.equal(await code(durably(utf8Bytes('jkl'))), 'done')
  const { readErrors, writeErrors, syncErrors, directoryErrors } = simulation.faults
  assert.deepEqual(
    { readErrors, writeErrors, syncErrors, directoryErrors },
    {
      ...{ readErrors: 1, writeErrors: 2, syncErrors: 2, directoryErrors: 1 },
    },
  )
})

test('after a failed sync what it was to make durable can be read, and a later sync does not make it durable', async () => {
  const seen = new Set<string>()
  for (let seed = 0; seed < 40; seed++) {
    const { simulation, machine, file, code } = await withFile(seed)
    await simulation.complete(file.write(0, utf8Bytes('old')))
    await simulation.complete(file.sync())
    await simulation.complete(file.write(0, utf8Bytes('new')))
    machine.failDisk({ ...noErrors, sync: 1 })
    assert.equal(await code(file.sync()), 'DISK_FAILED')
    machine.failDisk()
    assert.equal(await code(file.sync()), 'done')
    assert.equal(utf8Text(await simulation.complete(file.read(0, 3))), 'new')
    machine.powerLoss()
    seen.add(await textAfter(simulation, machine))
  }
  assert.deepEqual([...seen].sort(), ['new', 'old'])
})

test('what is written again after a failed sync and synced is durable', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const { simulation, machine, file, code } = await withFile(seed)
    await simulation.complete(file.write(0, utf8Bytes('old')))
    await simulation.complete(file.sync())
    await simulation.complete(file.write(0, utf8Bytes('new')))
    machine.failDisk({ ...noErrors, sync: 1 })
    assert.equal(await code(file.sync()), 'DISK_FAILED')
    machine.failDisk()
    await simulation.complete(file.write(0, utf8Bytes('new')))
    await simulation.complete(file.sync())
    machine.powerLoss()
    assert.equal(await textAfter(simulation, machine), 'new')
  }
})

test('a full disk takes what overwrites and nothing that grows, until it has room', async () => {
  const { simulation, machine, file, code, durably } = await withFile(2)
  await simulation.complete(file.write(0, utf8Bytes('abc')))
  machine.limitDisk(2)
  assert.equal(await code(file.write(3, utf8Bytes('de'))), 'done')
  assert.equal(await code(file.write(5, utf8Bytes('f'))), 'DISK_FULL')
  assert.equal(await code(durably(utf8Bytes('abcdefg'))), 'DISK_FULL')
  assert.equal(await code(file.truncate(100)), 'DISK_FULL')
  assert.equal(await code(durably(utf8Bytes('ABCDE'))), 'done')
  machine.limitDisk()
  assert.equal(await code(durably(utf8Bytes('abcdefg'))), 'done')
  assert.equal(simulation.faults.fullWrites, 3)
})

test('rot changes a file at rest, but for what the two newest durable writes hold', async () => {
  for (let seed = 0; seed < 200; seed++) {
    const { simulation, machine, file, durably } = await withFile(seed)
    const sector = (letter: string) => utf8Bytes(letter.repeat(512))
    for (const [i, letter] of ['a', 'b', 'c', 'd'].entries())
      await simulation.complete(durably(sector(letter), i * 512))
    machine.rot((path) => path === 'nowhere')
    const done = machine.rot((path) => path === 'file')
    const text = utf8Text(await simulation.complete(file.read(0, 2048)))
    assert.equal(text.slice(1024), 'c'.repeat(512) + 'd'.repeat(512))
    assert.equal(text.slice(0, 1024) !== 'a'.repeat(512) + 'b'.repeat(512), done !== undefined, `seed ${seed}: ${done}`)
    assert.equal(simulation.faults.rotten, done === undefined ? 0 : 1)
  }
})

test('a moment at the disk is told of once, just before it takes effect', async () => {
  const { simulation, machine } = await withFile(3)
  const { disk } = machine.host
  let reached = 0
  machine.atDiskRequest(
    (operation, path) => operation === 'directory' && path === 'later',
    () => reached++,
  )
  await simulation.complete(disk.open('sooner', { create: true }))
  assert.equal(reached, 0)
  await simulation.complete(disk.open('later', { create: true }))
  await simulation.complete(disk.open('later', { create: true }))
  assert.equal(reached, 1)
})
