import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import type { Random } from '#kernel/base/host.ts'
import { lossChances, PowerSupply, powerVariable, watchModule } from './power-supply.ts'

function suppliedFolder(t: TestContext) {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'unum-power-')))
  t.after(() => rmSync(root, { recursive: true }))
  const data = join(root, 'data')
  mkdirSync(data)
  return {
    data,
    supply: new PowerSupply({
      data,
      journal: join(root, 'journal'),
      kept: join(root, 'kept'),
      syncMs: [0, 0],
      isLying: false,
    }),
  }
}

/** Runs lines of the host's disk contract in a watched process, which is killed at their end. */
function run({ data, supply }: ReturnType<typeof suppliedFolder>, lines: string): void {
  const code = `
    import * as fs from 'node:fs'
    import { createNodeHost } from '#host/node/index.ts'
    const root = ${JSON.stringify(data)}
    const { disk } = createNodeHost({ root })
    const bytes = (text, length = text.length) => new Uint8Array(Buffer.from(text.padEnd(length, text)))
    const durably = (file, at, text) => new Promise((done) => file.writeDurably(at, [bytes(text)], done))
    ${lines}
    process.kill(process.pid, 'SIGKILL')`
  const args = ['--import', watchModule, '--input-type=module', '--eval', code]
  const cwd = join(import.meta.dirname, '../..')
  const env = { ...process.env, [powerVariable]: JSON.stringify(supply.paths) }
  const { signal, stderr } = spawnSync(process.execPath, args, { cwd, env, encoding: 'utf8' })
  assert.equal(signal, 'SIGKILL', stderr)
}

function fixedRandom(below: (bound: number) => number, float: () => number): Random {
  return {
    below,
    float,
    uint32: () => 0,
    bytes: (length) => new Uint8Array(length),
    child: () => fixedRandom(below, float),
  }
}

/** Chance at its ends: as little as can be is lost, and as much. */
const leastLost = fixedRandom(
  (bound) => (bound === lossChances ? 0 : bound - 1),
  () => 0,
)
const mostLost = fixedRandom(
  (bound) => (bound === lossChances ? bound - 1 : 0),
  () => 0,
)

/** What is there after as little and as much as can be was lost. */
function outcomes(t: TestContext, lines: string, look: (data: string) => string): string[] {
  return [leastLost, mostLost].map((random) => {
    const folder = suppliedFolder(t)
    run(folder, lines)
    folder.supply.lose(random)
    return look(folder.data)
  })
}

const textOf = (data: string, name: string) =>
  existsSync(join(data, name)) ? readFileSync(join(data, name), 'latin1') : 'no file'

suite('a loss of power', { timeout: 120_000 }, () => {
  test('takes nothing that was synced: written and synced, or written durably, also twice', (t) => {
    const lines = `
      const file = await disk.open('a', { create: true })
      await file.write(0, bytes('one'))
      await file.sync()
      await disk.syncDirectory('')
      for (const text of ['two', 'six', 'ten']) await durably(file, 3, text)`
    assert.deepEqual(
      outcomes(t, lines, (data) => textOf(data, 'a')),
      ['oneten', 'oneten'],
    )
  })

  test('may take what was written and not synced, sector by sector, down to what was there before', (t) => {
    const lines = `
      const file = await disk.open('a', { create: true })
      await file.write(0, bytes('o', 1024))
      await file.sync()
      await disk.syncDirectory('')
      await file.write(0, bytes('n', 1024))`
    const sectors = (data: string) => textOf(data, 'a').replace(/(.)\1{511}/g, '$1')
    assert.deepEqual(outcomes(t, lines, sectors), ['nn', 'oo'])
    const folder = suppliedFolder(t)
    run(folder, lines)
    let draws = 0
    folder.supply.lose(
      fixedRandom(
        () => 1,
        () => draws++,
      ),
    )
    assert.equal(sectors(folder.data), 'on') // only the first sector that was asked about
  })

  test('does not bring back what a synced write has replaced', (t) => {
    const lines = `
      const file = await disk.open('a', { create: true })
      await durably(file, 0, 'one')
      await disk.syncDirectory('')
      await file.write(0, bytes('six'))
      await new Promise((done) => {
        fs.open(root + '/a', fs.constants.O_RDWR | fs.constants.O_DSYNC, (_, synced) => {
          fs.write(synced, bytes('ten'), 0, 3, 0, done)
        })
      })`
    assert.deepEqual(
      outcomes(t, lines, (data) => textOf(data, 'a')),
      ['ten', 'ten'],
    )
  })

  test('may take a new file whose directory is not synced', (t) => {
    const lines = `
      const file = await disk.open('a', { create: true })
      await durably(file, 0, 'one')`
    assert.deepEqual(
      outcomes(t, lines, (data) => textOf(data, 'a')),
      ['one', 'no file'],
    )
  })

  test('may undo a rename and give back what it replaced, until the directory is synced', (t) => {
    const replaced = (sync: string) => `
      for (const name of ['a', 'b']) await durably(await disk.open(name, { create: true }), 0, name)
      await disk.syncDirectory('')
      await disk.rename('b', 'a')
      ${sync}`
    const look = (data: string) => `${textOf(data, 'a')}, ${textOf(data, 'b')}`
    assert.deepEqual(outcomes(t, replaced(''), look), ['b, no file', 'a, b'])
    assert.deepEqual(outcomes(t, replaced(`await disk.syncDirectory('')`), look), ['b, no file', 'b, no file'])
  })

  test('may give back a file that was removed', (t) => {
    const lines = `
      await durably(await disk.open('a', { create: true }), 0, 'a')
      await disk.syncDirectory('')
      await disk.remove('a')`
    assert.deepEqual(
      outcomes(t, lines, (data) => textOf(data, 'a')),
      ['no file', 'a'],
    )
  })

  test('takes from a disk that lies what it said was synced', (t) => {
    const folder = suppliedFolder(t)
    run(folder, `await durably(await disk.open('a', { create: true }), 0, 'a'); await disk.syncDirectory('')`)
    folder.supply.lie(true)
    run(folder, `await durably(await disk.open('a', { create: true }), 0, 'b'); await disk.syncDirectory('')`)
    folder.supply.lose(leastLost)
    assert.equal(textOf(folder.data, 'a'), 'a')
  })

  test('also takes what an earlier process wrote and did not sync', (t) => {
    const folder = suppliedFolder(t)
    run(folder, `await durably(await disk.open('a', { create: true }), 0, 'a'); await disk.syncDirectory('')`)
    run(folder, `await (await disk.open('a', { create: true })).write(0, bytes('b'))`)
    run(folder, `await (await disk.open('a', { create: true })).read(0, 1)`)
    assert.equal(textOf(folder.data, 'a'), 'b')
    folder.supply.lose(mostLost)
    assert.equal(textOf(folder.data, 'a'), 'a')
  })
})
