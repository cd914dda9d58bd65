import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { concatBytes } from '#kernel/base/bytes.ts'
import { createRandom } from '#kernel/base/random.ts'
import { AlignedBuffers } from './aligned-buffers.ts'
import { BackgroundPool } from './background-pool.ts'
import { NodeFile, type SyncedTwin } from './node-file.ts'
import type { SyncSpeed } from './sync-speed.ts'
import { turn } from './turn.ts'

interface Ways {
  readonly onLoop: boolean
  /** Which second descriptor can be had; `refused` is one that takes no direct writes. */
  readonly twin: 'none' | 'synced' | 'direct' | 'refused'
}

function openFile(path: string, ways: Ways): NodeFile {
  const descriptor = fs.openSync(path, 'w+')
  return new NodeFile(descriptor, 'log', 0, {
    turn,
    pool: new BackgroundPool(),
    syncSpeed: { onLoop: ways.onLoop, took() {} } as unknown as SyncSpeed,
    aligned: ways.twin === 'refused' ? new MisalignedBuffers() : new AlignedBuffers(),
    openSynced: async () => openTwin(path, ways),
  })
}

/** What the system refuses as direct writes. */
class MisalignedBuffers extends AlignedBuffers {
  override fill(chunks: readonly Uint8Array[]): Uint8Array | undefined {
    const filled = super.fill(chunks)
    if (!filled) return undefined
    const moved = new Uint8Array(filled.length + 1).subarray(1)
    moved.set(filled)
    super.release(filled)
    return moved
  }

  override release(): void {}
}

function openTwin(path: string, { twin }: Ways): SyncedTwin | undefined {
  if (twin === 'none') return undefined
  const { O_RDWR, O_DSYNC, O_DIRECT } = fs.constants
  const isDirect = twin !== 'synced'
  return { descriptor: fs.openSync(path, O_RDWR | O_DSYNC | (isDirect ? O_DIRECT : 0)), isDirect }
}

function writeDurably(file: NodeFile, position: number, chunks: readonly Uint8Array[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let returned = false
    file.writeDurably(position, chunks, (error) => {
      assert.ok(returned)
      if (error) reject(error)
      else resolve()
    })
    returned = true
  })
}

const twins = process.platform === 'linux' ? (['none', 'synced', 'direct', 'refused'] as const) : (['none'] as const)
const everyWay: readonly Ways[] = twins.flatMap((twin) => [
  { onLoop: false, twin },
  { onLoop: true, twin },
])

for (const ways of everyWay) {
  const name = `${ways.onLoop ? 'on the loop' : 'on the pool'}, twin: ${ways.twin}`

  test(`durable writes ${name}: bytes arrive, among other changes of the file`, async () => {
    const directory = fs.mkdtempSync(join(tmpdir(), 'unum-file-'))
    const file = openFile(join(directory, 'log'), ways)
    const random = createRandom(name)
    const randomBytes = (inSectors: boolean, length: number) => random.bytes(inSectors ? (length >> 9) << 9 : length)
    const parts: Uint8Array[] = []
    for (let i = 0; i < 40; i++) {
      const chunks = Array.from({ length: 1 + random.below(4) }, () => randomBytes(i < 20, random.below(3000)))
      const position = file.size
      parts.push(...chunks)
      const other = random.below(3)
      if (other === 0) {
        await file.truncate(position + 20_000)
        await file.truncate(position)
      } else if (other === 1) await file.write(position, new Uint8Array(5))
      await writeDurably(file, position, chunks)
      if (other === 1) {
        const written = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
        await file.truncate(position + written)
        await file.sync()
      }
    }
    await file.close()
    assert.ok(fs.readFileSync(join(directory, 'log')).equals(concatBytes(parts)))
    fs.rmSync(directory, { recursive: true })
  })

  test(`durable writes ${name}: a failure is told`, async () => {
    const directory = fs.mkdtempSync(join(tmpdir(), 'unum-file-'))
    const path = join(directory, 'log')
    fs.writeFileSync(path, '')
    const file = new NodeFile(fs.openSync(path, 'r'), 'log', 0, {
      turn,
      pool: new BackgroundPool(),
      syncSpeed: { onLoop: ways.onLoop, took() {} } as unknown as SyncSpeed,
      aligned: new AlignedBuffers(),
      openSynced: async () => undefined,
    })
    await assert.rejects(writeDurably(file, 0, [new Uint8Array(5)]), { code: 'DISK_FAILED', message: /"log"/ })
    await file.close()
    fs.rmSync(directory, { recursive: true })
  })
}

test('close waits for what is under way', async () => {
  const directory = fs.mkdtempSync(join(tmpdir(), 'unum-file-'))
  const file = openFile(join(directory, 'log'), { onLoop: false, twin: 'none' })
  const answers: string[] = []
  const writes = Array.from({ length: 20 }, (_, index) =>
    file.write(index * 1000, new Uint8Array(1000).fill(index)).then(() => answers.push('write')),
  )
  const durable = writeDurably(file, 20_000, [new Uint8Array(10)]).then(() => answers.push('durable'))
  const closed = file.close().then(() => answers.push('closed'))
  await Promise.all([...writes, durable, closed])
  assert.equal(answers.length, 22)
  assert.equal(answers.at(-1), 'closed')
  assert.equal(fs.statSync(join(directory, 'log')).size, 20_010)
  fs.rmSync(directory, { recursive: true })
})

test('one durable write at a time', async () => {
  const directory = fs.mkdtempSync(join(tmpdir(), 'unum-file-'))
  const file = openFile(join(directory, 'log'), { onLoop: true, twin: 'none' })
  const first = writeDurably(file, 0, [new Uint8Array(5)])
  assert.throws(() => file.writeDurably(5, [new Uint8Array(5)], () => {}), /one durable write at a time/)
  await first
  await file.close()
  assert.throws(() => file.writeDurably(5, [new Uint8Array(5)], () => {}), /a closed file/)
  fs.rmSync(directory, { recursive: true })
})
