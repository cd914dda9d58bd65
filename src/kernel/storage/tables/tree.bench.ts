/**
 * The tree beside classic-level (LevelDB) on this machine: 16-byte random keys, 100-byte values that compress to about
 * half, as in LevelDB's own benchmark; compression off for both.
 *
 * Durability: classic-level syncs its log once per batch of 1,000. The tree has no log: the node log's one sync per turn
 * is measured there. `+ sync` adds one durable write of the same bytes per batch, as the node log makes it. Rates are until the
 * last put is done, with the waits that full memory and behindhand compaction force on it; both sides go on flushing and
 * compacting after that. How long the tree then needs until nothing is left to do, at the leisurely pace of work that nobody waits
 * for, is told beside.
 *
 * Run: node src/kernel/storage/tables/tree.bench.ts [rows, default 500000]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { ClassicLevel } from 'classic-level'
import { createNodeHost } from '#host/node/index.ts'
import type { DiskFile } from '#kernel/base/host.ts'
import { createRandom } from '#kernel/base/random.ts'
import type { Tree } from './tree.ts'
import { BlockMiss } from './tree.ts'
import { createTreeStore } from './tree-store.ts'

const rows = Number(process.argv[2] ?? 500_000)
const batchRows = 1000
const memoryBytes = 1 << 24
const cacheBytes = 1 << 28
const random = createRandom('tree.bench')

/** The key of row i, always in the same 16 bytes, so that the benchmark's own memory does not disturb. */
const key = new Uint8Array(16)
const keyWords = new Uint32Array(key.buffer)
function keyOf(i: number): Uint8Array {
  let word = i + 1
  for (let k = 0; k < 4; k++) {
    word = Math.imul(word ^ (word >>> 16), 0x85eb_ca6b)
    word = Math.imul(word ^ (word >>> 13), 0xc2b2_ae35)
    word ^= word >>> 16
    keyWords[k] = word
  }
  return key
}

const half = random.bytes(1 << 20)
const values = Array.from({ length: 1024 }, () => {
  const value = new Uint8Array(100)
  const at = random.below(half.length - 50)
  value.set(half.subarray(at, at + 50))
  value.set(half.subarray(at, at + 50), 50)
  return value
})

async function measure(name: string, count: number, run: () => void | Promise<void>): Promise<void> {
  const cpu = process.cpuUsage()
  const startMs = performance.now()
  await run()
  const ms = performance.now() - startMs
  const { user, system } = process.cpuUsage(cpu)
  const rate = `${(count / ms).toFixed(0)} k/s`
  const perRow = `${((user + system) / count).toFixed(2)} µs of CPU each`
  console.log(`  ${name.padEnd(34)} ${rate.padStart(10)}   ${perRow}`)
}

async function benchTree(root: string): Promise<void> {
  console.log('tree')
  const host = createNodeHost({ root })
  const { disk, clock } = host
  const failed = (_: string, error: Error) => console.error(error)
  const store = createTreeStore({ disk, clock, cacheBytes, compactionFailed: failed })
  for (const log of [undefined, await disk.open('log', { create: true })]) {
    const home = log ? 'synced' : 'rows'
    const tree = await store.open(home)
    const watch = new LoopWatch()
    await measure(log ? 'put + sync, batches of 1,000' : 'put, batches of 1,000', rows, () => putAll(tree, log, watch))
    const startMs = performance.now()
    await settle(tree)
    console.log(
      `  ${watch.report}; ${((performance.now() - startMs) / 1000).toFixed(1)} s more until nothing is left to do`,
    )
    if (log) await tree.close()
    else await benchReads(tree)
  }
  await host.close()
}

async function putAll(tree: Tree, log: DiskFile | undefined, watch: LoopWatch): Promise<void> {
  let index = 0
  let flush: Promise<void> | undefined
  let at = 0
  const flushNow = () => {
    flush = tree.flush({ index, term: 1, meta: new Uint8Array(0) }).finally(() => {
      flush = undefined
    })
  }
  for (let i = 0; i < rows; i++) {
    tree.put(keyOf(i), values[i & 1023]!)
    if (++index % batchRows > 0) continue
    if (log) {
      const batch = new Uint8Array(batchRows * 120)
      await new Promise<void>((resolve) => log.writeDurably(at, [batch], () => resolve()))
      at += batch.length
    } else await turn()
    watch.look()
    if (tree.unflushedBytes > memoryBytes && flush === undefined) flushNow()
    while (tree.unflushedBytes > 2 * memoryBytes || tree.pressure >= 1) {
      await turn()
      watch.look()
    }
  }
  underWay = flush
}

/** The last flush of `putAll`. */
let underWay: Promise<void> | undefined

async function settle(tree: Tree): Promise<void> {
  await underWay
  await tree.flush({ index: rows, term: 1, meta: new Uint8Array(0) })
  for (let bytes = -1; bytes !== tree.fileBytes; await sleep(300)) bytes = tree.fileBytes
}

/** How long the turns of the event loop took, with the 1,000 puts of a batch in many of them. */
class LoopWatch {
  readonly #turnsMs: number[] = []
  #lastMs = performance.now()

  look(): void {
    const nowMs = performance.now()
    this.#turnsMs.push(nowMs - this.#lastMs)
    this.#lastMs = nowMs
  }

  get report(): string {
    const sorted = this.#turnsMs.sort((x, y) => x - y)
    const at = (part: number) => `${sorted[Math.floor((sorted.length - 1) * part)]!.toFixed(1)} ms`
    return `turns of the loop: p50 ${at(0.5)}, p99 ${at(0.99)}, p99.9 ${at(0.999)}, longest ${at(1)}`
  }
}

async function benchReads(tree: Tree): Promise<void> {
  let bytes = 0
  const everything = { from: new Uint8Array(0), to: undefined }
  const evaluate = async (read: () => void) => {
    for (;;) {
      try {
        read()
        tree.unpin()
        return
      } catch (error) {
        if (!(error instanceof BlockMiss)) throw error
        await tree.load(error.block)
      }
    }
  }
  const scanAll = () => {
    for (const cursor = tree.scan(everything); cursor.next(); ) bytes += cursor.key.length + cursor.value.length
  }
  await evaluate(scanAll)
  for (let i = 0; i < rows; i++) await evaluate(() => tree.get(keyOf(i)))
  await measure('random get, cached', 500_000, () => {
    for (let i = 0; i < 500_000; i++) bytes += tree.get(keyOf(random.below(rows)))!.length
  })
  await measure('get of absent keys, cached', 500_000, () => {
    for (let i = rows; i < rows + 500_000; i++) if (tree.get(keyOf(i)) !== undefined) bytes++
  })
  await measure('scan of all rows, cached', rows, scanAll)
  await measure('scan backwards, cached', rows, () => {
    const cursor = tree.scan(everything, { reverse: true })
    while (cursor.next()) bytes += cursor.key.length + cursor.value.length
  })
  console.log(`  ${(tree.fileBytes / rows).toFixed(0)} bytes on disk per row`)
  await tree.close()
  if (bytes === 0) throw new Error('nothing was read')
}

async function benchLevel(root: string): Promise<void> {
  console.log('classic-level')
  for (const sync of [false, true]) {
    const options = { keyEncoding: 'view', valueEncoding: 'view', compression: false, cacheSize: cacheBytes } as const
    const writeBufferSize = memoryBytes
    const db = new ClassicLevel<Uint8Array, Uint8Array>(join(root, `level-${sync}`), { ...options, writeBufferSize })
    await db.open()
    await measure(`put, batches of 1,000${sync ? ', synced' : ''}`, rows, async () => {
      for (let i = 0; i < rows; ) {
        const batch = db.batch()
        for (let end = i + batchRows; i < end; i++) batch.put(keyOf(i), values[i & 1023]!)
        await batch.write({ sync })
      }
    })
    if (!sync) {
      let bytes = 0
      for (let i = 0; i < rows; i++) bytes += db.getSync(keyOf(i))!.length
      await measure('random getSync, cached', 500_000, () => {
        for (let i = 0; i < 500_000; i++) bytes += db.getSync(keyOf(random.below(rows)))!.length
      })
      await measure('scan of all rows, cached', rows, async () => {
        const iterator = db.iterator()
        for (let more = await iterator.nextv(1000); more.length > 0; more = await iterator.nextv(1000))
          bytes += more.length
        await iterator.close()
      })
      if (bytes === 0) throw new Error('nothing was read')
    }
    await db.close()
  }
}

const root = await mkdtemp(join(tmpdir(), 'unum-tree-'))
try {
  await benchTree(join(root, 'tree'))
  await benchLevel(root)
} finally {
  await rm(root, { recursive: true })
}
