import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8Bytes, utf8Text } from '#kernel/base/bytes.ts'
import type { DiskFile } from '#kernel/base/host.ts'
import { createRandom } from '#kernel/base/random.ts'
import { codeOfRejection, type RunWithSubject } from './subject.ts'

/** What every `Disk` does. */
export function testDisk(name: string, run: RunWithSubject): void {
  const check = (claim: string, body: Parameters<RunWithSubject>[0]) => test(`${name} disk: ${claim}`, () => run(body))

  check('a file is created, written, read and found again', async ({ host: { disk } }) => {
    const file = await disk.open('greeting', { create: true })
    assert.equal(file.size, 0)
    await file.write(0, utf8Bytes('hello world'))
    assert.equal(file.size, 11)
    await file.sync()
    await file.close()
    const again = await disk.open('greeting', { create: false })
    assert.equal(again.size, 11)
    assert.equal(utf8Text(await again.read(6, 5)), 'world')
    await again.close()
  })

  check('a read ends at the end of the file', async ({ host: { disk } }) => {
    const file = await disk.open('short', { create: true })
    await file.write(0, utf8Bytes('abc'))
    assert.equal(utf8Text(await file.read(1, 100)), 'bc')
    assert.equal((await file.read(3, 100)).length, 0)
    assert.equal((await file.read(1000, 1)).length, 0)
    assert.equal((await file.read(0, 0)).length, 0)
    await file.close()
  })

  check('the result of a read belongs to the caller', async ({ host: { disk } }) => {
    const file = await disk.open('owned', { create: true })
    await file.write(0, utf8Bytes('abc'))
    const first = await file.read(0, 3)
    first.fill(0)
    assert.equal(utf8Text(await file.read(0, 3)), 'abc')
    await file.close()
  })

  check('a gap reads as zeros, as does what truncate adds, also where bytes once were', async ({ host: { disk } }) => {
    const file = await disk.open('gap', { create: true })
    await file.write(40_000, utf8Bytes('end'))
    assert.equal(file.size, 40_003)
    assert.ok((await file.read(0, 40_000)).every((byte) => byte === 0))
    await file.write(0, new Uint8Array(40_000).fill(1))
    await file.truncate(20_001)
    assert.equal(file.size, 20_001)
    await file.truncate(50_000)
    assert.equal(file.size, 50_000)
    const bytes = await file.read(20_000, 30_000)
    assert.equal(bytes[0], 1)
    assert.ok(bytes.subarray(1).every((byte) => byte === 0))
    await file.close()
  })

  check('size counts writes that were begun', async ({ host: { disk } }) => {
    const file = await disk.open('begun', { create: true })
    const writes = [file.write(0, new Uint8Array(10)), file.write(100, new Uint8Array(10))]
    assert.equal(file.size, 110)
    await Promise.all(writes)
    await file.close()
  })

  check('durable writes take many chunks and answer later, never within the call', async ({ host: { disk } }) => {
    const file = await disk.open('log', { create: true })
    const chunks = ['one ', 'two ', '', 'three'].map(utf8Bytes)
    for (const position of [0, 13, 26]) {
      let returned = false
      await new Promise<void>((resolve, reject) => {
        file.writeDurably(position, chunks, (error) => {
          assert.ok(returned)
          if (error) reject(error)
          else resolve()
        })
        returned = true
      })
    }
    assert.equal(utf8Text(await file.read(0, 100)), 'one two threeone two threeone two three')
    await file.close()
  })

  check('many durable writes follow each other', async ({ host: { disk } }) => {
    const file = await disk.open('log', { create: true })
    const record = utf8Bytes('0123456789')
    await new Promise<void>((resolve, reject) => {
      let count = 0
      const next = (error?: Error) => {
        if (error) reject(error)
        else if (count === 200) resolve()
        else file.writeDurably(count++ * record.length, [record], next)
      }
      next()
    })
    assert.equal(file.size, 2000)
    assert.equal(utf8Text(await file.read(1990, 10)), '0123456789')
    await file.close()
  })

  check('a missing file is an error without create, and without its directory', async ({ host: { disk } }) => {
    assert.equal(await codeOfRejection(disk.open('missing', { create: false })), 'FILE_MISSING')
    assert.equal(await codeOfRejection(disk.open('no/such/directory', { create: true })), 'FILE_MISSING')
    assert.equal(await codeOfRejection(disk.rename('missing', 'other')), 'FILE_MISSING')
    assert.equal(await codeOfRejection(disk.syncDirectory('missing')), 'FILE_MISSING')
    await disk.remove('missing')
    await disk.removeDirectory('missing')
  })

  check('paths stay inside the root', async ({ host: { disk } }) => {
    for (const path of ['../up', 'a/../../up', './here', 'nul\0']) {
      assert.equal(await codeOfRejection(disk.open(path, { create: true })), 'DISK_FAILED', path)
      assert.equal(await codeOfRejection(disk.list(path)), 'DISK_FAILED', path)
    }
  })

  check('directories are made with their parents and list what is in them, sorted', async ({ host: { disk } }) => {
    assert.deepEqual(await disk.list(''), [])
    assert.deepEqual(await disk.list('nothing'), [])
    await disk.makeDirectory('a/b/c')
    await disk.makeDirectory('a/b')
    for (const name of ['10', '9', 'Z', 'a', 'ä']) await (await disk.open(`a/${name}`, { create: true })).close()
    assert.deepEqual(await disk.list('a'), ['10', '9', 'Z', 'a', 'b', 'ä'])
    assert.deepEqual(await disk.list('/a//b/'), ['c'])
    assert.deepEqual(await disk.list(''), ['a'])
    await disk.syncDirectory('a')
    await disk.removeDirectory('a')
    assert.deepEqual(await disk.list(''), [])
    assert.equal(await codeOfRejection(disk.open('a/10', { create: false })), 'FILE_MISSING')
  })

  check('files are not directories, nor the other way round, and the root stays', async ({ host: { disk } }) => {
    await disk.makeDirectory('directory')
    await (await disk.open('file', { create: true })).close()
    const refused = [
      () => disk.open('directory', { create: true }),
      () => disk.open('directory', { create: false }),
      () => disk.open('', { create: true }),
      () => disk.list('file'),
      () => disk.remove('directory'),
      () => disk.makeDirectory('file'),
      () => disk.makeDirectory('file/inside'),
      () => disk.removeDirectory(''),
    ]
    for (const act of refused) assert.equal(await codeOfRejection(act()), 'DISK_FAILED', `${act}`)
    assert.deepEqual(await disk.list(''), ['directory', 'file'])
  })

  check('rename replaces its target; an open file keeps its bytes under any name', async ({ host: { disk } }) => {
    const old = await writeFile(await disk.open('target', { create: true }), 'old')
    const fresh = await writeFile(await disk.open('draft', { create: true }), 'new')
    await disk.rename('draft', 'target')
    await disk.syncDirectory('')
    assert.deepEqual(await disk.list(''), ['target'])
    assert.equal(utf8Text(await old.read(0, 3)), 'old')
    assert.equal(utf8Text(await fresh.read(0, 3)), 'new')
    const target = await disk.open('target', { create: false })
    assert.equal(utf8Text(await target.read(0, 3)), 'new')
    await disk.remove('target')
    assert.deepEqual(await disk.list(''), [])
    assert.equal(utf8Text(await target.read(0, 3)), 'new')
    for (const file of [old, fresh, target]) await file.close()
  })

  check('a closed file refuses', async ({ host: { disk } }) => {
    const file = await disk.open('closed', { create: true })
    await file.close()
    assert.equal(await codeOfRejection(file.read(0, 1)), 'DISK_FAILED')
    assert.equal(await codeOfRejection(file.write(0, new Uint8Array(1))), 'DISK_FAILED')
    assert.equal(await codeOfRejection(file.sync()), 'DISK_FAILED')
    await file.close()
  })

  check('random writes and truncates read back as an array of bytes would', async ({ host: { disk } }) => {
    const random = createRandom(`${name} bytes`)
    const file = await disk.open('random', { create: true })
    let model = new Uint8Array(0)
    for (let step = 0; step < 120; step++) {
      const position = random.below(60_000)
      if (random.below(5) === 0) {
        const cut = new Uint8Array(position)
        cut.set(model.subarray(0, position))
        model = cut
        await file.truncate(position)
      } else {
        const bytes = random.bytes(random.below(5000))
        if (position + bytes.length > model.length) {
          const grown = new Uint8Array(position + bytes.length)
          grown.set(model)
          model = grown
        }
        model.set(bytes, position)
        await file.write(position, bytes)
      }
      assert.equal(file.size, model.length)
    }
    assert.ok(Buffer.from(model).equals(await file.read(0, model.length + 1)))
    await file.close()
  })
}

async function writeFile(file: DiskFile, text: string): Promise<DiskFile> {
  await file.write(0, utf8Bytes(text))
  return file
}
