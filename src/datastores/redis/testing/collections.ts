import { test } from 'node:test'
import type { ShardCommand } from '../command.ts'
import { hashCommands } from '../hashes/commands.ts'
import { listCommands } from '../lists/commands.ts'
import { setCommands } from '../sets/commands.ts'
import { sortedSetCommands } from '../sorted-sets/commands.ts'
import { sortingCommands } from '../sorting/commands.ts'
import { stringCommands } from '../strings/commands.ts'
import type { CommandForm } from './differential.ts'
import { compareWithRealRedis } from './differential.ts'
import { realRedisMissing, startRealRedis } from './real-redis.ts'

export const collectionCommands: readonly ShardCommand[] = [
  ...hashCommands,
  ...listCommands,
  ...setCommands,
  ...sortedSetCommands,
  ...sortingCommands,
  ...stringCommands,
]

/** Declares the test that replies to `forms` are those of a real Redis, in both protocols. */
export function testAgainstRealRedis(name: string, forms: readonly CommandForm[]): void {
  const skip = realRedisMissing()
  test(`${name}: thousands of random commands, replies of a real Redis`, { skip }, async () => {
    await using real = await startRealRedis()
    for (const protocol of [2, 3] as const) {
      for (const seed of ['a', 'b', 'c']) {
        const options = { commands: collectionCommands, forms, protocol, seed: `${name} ${seed}`, count: 3000 }
        await compareWithRealRedis(real, options)
      }
    }
  })
}
