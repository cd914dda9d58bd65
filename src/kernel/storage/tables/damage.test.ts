import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { Simulation } from '#host/simulated/index.ts'
import { copyBytes, latin1Bytes } from '#kernel/base/bytes.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { Host } from '#kernel/base/host.ts'
import { BlockCache } from './block-cache.ts'
import { openTree } from './open-tree.ts'
import { readFile, writeFile } from './testing/tree-image.ts'
import { evaluate, markAt, rowsOf } from './tree-compliance.ts'

const b = latin1Bytes
const everything = { from: b(''), to: undefined }

/** A tree with files on two levels, tombstones of both kinds, and several blocks to a file. */
let simulation: Simulation
let host: Host
let names: string[]
let rows: [string, string][]

const settle = <T>(promise: Promise<T>) => simulation.complete(promise)

async function openAndRead(): Promise<[string, string][]> {
  const { disk, clock } = host
  const tree = await settle(openTree({ disk, clock, directory: 'tables', cache: new BlockCache({ bytesMax: 0 }) }))
  try {
    const under = { tree, settle, reopen: undefined }
    const read = await evaluate(under, (reader) => rowsOf(reader, everything))
    for (let i = 0; i < 60; i += 7) await evaluate(under, (reader) => reader.get(b(`key${i}`)))
    return read
  } finally {
    await settle(tree.close())
  }
}

before(async () => {
  simulation = new Simulation({ seed: 3 })
  host = simulation.machine('m').host
  const { disk, clock } = host
  const limits = { level0FilesMax: 2 }
  const tree = await settle(
    openTree({ disk, clock, directory: 'tables', cache: new BlockCache({ bytesMax: 0 }), limits }),
  )
  for (let index = 1; index <= 3; index++) {
    for (let i = index; i < 60; i += index) tree.put(b(`key${i}`), b(`${index},`.repeat(i * 3)))
    tree.delete(b(`key${index * 5}`))
    tree.deleteRange({ from: b(`key${index}`), to: b(`key${index}5`) })
    await settle(tree.flush(markAt(index, `meta of ${index}`)))
    await simulation.run({ forMs: 50 })
  }
  await settle(tree.close())
  names = await settle(disk.list('tables'))
  rows = await openAndRead()
  assert.ok(names.length >= 3 && rows.length > 20)
})

/** The error of opening and reading everything; it must name the file. */
async function errorOfReading(name: string): Promise<UnumError> {
  let read: [string, string][]
  try {
    read = await openAndRead()
  } catch (error) {
    assert.ok(error instanceof UnumError, String(error))
    assert.ok(error.message.includes(name) || String(error.cause).includes(name), `${error.message} names ${name}`)
    return error
  }
  assert.deepEqual(read, rows)
  throw new Error('the damage was not noticed')
}

test('a flipped byte anywhere in any file is an error that names file and offset', async () => {
  for (const name of names) {
    const whole = await settle(readFile(host.disk, `tables/${name}`))
    const step = name === 'manifest' ? 1 : 13
    for (let at = 0; at < whole.length; at += at > whole.length - 100 ? 1 : step) {
      const damaged = copyBytes(whole)
      damaged[at]! ^= 1 << (at & 7)
      await settle(writeFile(host.disk, `tables/${name}`, damaged))
      const error = await errorOfReading(name)
      assert.equal(error.code, 'DATA_DAMAGED')
      assert.match(error.message, / at \d+: /)
    }
    await settle(writeFile(host.disk, `tables/${name}`, whole))
  }
  assert.deepEqual(await openAndRead(), rows)
})

test('a file that is cut or longer is an error', async () => {
  for (const name of names) {
    const whole = await settle(readFile(host.disk, `tables/${name}`))
    for (const length of [0, 1, 20, 75, whole.length - 1, whole.length + 1]) {
      const cut = new Uint8Array(length)
      cut.set(whole.subarray(0, length))
      await settle(writeFile(host.disk, `tables/${name}`, cut))
      assert.equal((await errorOfReading(name)).code, 'DATA_DAMAGED')
    }
    await settle(writeFile(host.disk, `tables/${name}`, whole))
  }
})

test('a missing file is an error, the manifest too', async () => {
  for (const name of names) {
    const whole = await settle(readFile(host.disk, `tables/${name}`))
    await settle(host.disk.remove(`tables/${name}`))
    assert.equal((await errorOfReading(name)).code, 'DATA_DAMAGED')
    await settle(writeFile(host.disk, `tables/${name}`, whole))
  }
  assert.deepEqual(await openAndRead(), rows)
})

test('another table file of the same size in the place of one is an error', async () => {
  const tables = names.filter((name) => name !== 'manifest')
  const [first, second] = tables as [string, string]
  const whole = await settle(readFile(host.disk, `tables/${first}`))
  const other = await settle(readFile(host.disk, `tables/${second}`))
  await settle(writeFile(host.disk, `tables/${first}`, other.subarray(other.length - whole.length)))
  assert.equal((await errorOfReading(first)).code, 'DATA_DAMAGED')
  await settle(writeFile(host.disk, `tables/${first}`, whole))
})

test('compaction tells of damage, and the tree goes on without it', async () => {
  const { disk, clock } = host
  const failures: UnumError[] = []
  const name = names.find((name) => name !== 'manifest')!
  const whole = await settle(readFile(disk, `tables/${name}`))
  const damaged = copyBytes(whole)
  damaged[5]! ^= 0xff
  await settle(writeFile(disk, `tables/${name}`, damaged))
  const tree = await settle(
    openTree({
      disk,
      clock,
      directory: 'tables',
      cache: new BlockCache({ bytesMax: 0 }),
      limits: { level0FilesMax: 1 },
      compactionFailed: (error) => failures.push(error),
    }),
  )
  tree.put(b('key'), b('new'))
  await settle(tree.flush(markAt(10)))
  await simulation.run({ forMs: 50 })
  assert.deepEqual([...new Set(failures.map((error) => error.code))], ['DATA_DAMAGED'])
  assert.ok(failures[0]!.message.includes(name))
  assert.equal(tree.flushed.index, 10)
  await settle(tree.close())
})
