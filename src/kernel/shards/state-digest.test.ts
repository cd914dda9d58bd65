import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { latin1Bytes } from '#kernel/base/bytes.ts'
import { simpleConfiguration } from '#kernel/consensus/configuration.ts'
import { simulatedTree } from '#kernel/storage/tables/testing/simulated-tree.ts'
import { ShardState } from './shard-state.ts'
import { digestState } from './state-digest.ts'

const limits = { fileBytesMax: 2_000, level0FilesMax: 8, level0FilesStop: 16, level1BytesMax: 6_000 }

/** Rows in so many files that a scan needs a block of each at a time. */
async function digestWith(cacheBytes: number): Promise<string> {
  const { tree, settle } = await simulatedTree({ seed: 1, cacheBytes, limits })
  for (let file = 1; file <= 7; file++) {
    for (let i = 0; i < 40; i++) tree.put(latin1Bytes(`k${i * 7 + file}`), new Uint8Array(100).fill(file))
    await settle(tree.flush({ index: file, term: 1, meta: new Uint8Array(0) }))
  }
  const state = new ShardState(tree, 1)
  const digest = await settle(digestState(state, simpleConfiguration([1])))
  await settle(tree.close())
  return digest!.digest
}

test('a state is read to its end also where the cache cannot hold what one row needs', async () => {
  equal(await digestWith(1_000), await digestWith(1_000_000))
})
