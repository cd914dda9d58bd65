import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { crc32c } from '#kernel/base/crc32c.ts'
import type { Configuration } from '#kernel/consensus/configuration.ts'
import { BlockMiss } from '#kernel/storage/tables/index.ts'
import type { ShardState } from './shard-state.ts'

export interface StateDigest {
  /** All entries up to it are applied. */
  readonly index: number
  /** Over rows, counters, replies and timestamp: equal on all replicas at the same index. */
  readonly digest: string
}

/**
 * Reads all of a shard's state.
 * @returns undefined where an entry was applied meanwhile: the state then was never one.
 * @throws UnumError `DATA_DAMAGED`
 */
export async function digestState(state: ShardState, configuration: Configuration): Promise<StateDigest | undefined> {
  const { index, tree } = state
  let digest = crc32c(state.writeMeta(configuration))
  let rows = 0
  let rowsAtMiss = 0
  const row = new ByteWriter(1024)
  let from: Uint8Array = new Uint8Array(0)
  for (;;) {
    try {
      const cursor = tree.scan({ from, to: undefined })
      while (cursor.next()) {
        row.clear()
        row.block(cursor.key)
        row.block(cursor.value)
        digest = crc32c(row.bytes, 0, row.length, digest)
        rows++
        from = justAfter(cursor.key)
      }
      tree.unpin()
      return { index, digest: `${rows}-${digest.toString(16).padStart(8, '0')}` }
    } catch (miss) {
      if (!(miss instanceof BlockMiss)) throw miss
      // What one row needs, a block of each file at the most, stays until it is read: in a small cache they would push each other out.
      if (rows > rowsAtMiss) tree.unpin()
      rowsAtMiss = rows
      await tree.load(miss.block)
    }
    if (state.index !== index) {
      tree.unpin()
      return undefined
    }
  }
}

/** The least key above it. */
function justAfter(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1)
  next.set(key)
  return next
}
