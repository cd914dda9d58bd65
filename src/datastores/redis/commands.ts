import { adminCommands } from './admin/commands.ts'
import type { Command, ShardCommand } from './command.ts'
import { noKeys, read, shardRows, write } from './command.ts'
import { connectionCommands } from './connection/commands.ts'
import { hashCommands } from './hashes/commands.ts'
import { keyCommands } from './keys/commands.ts'
import { keyspace } from './keys/space.ts'
import { sweep } from './keys/sweep.ts'
import { listCommands } from './lists/commands.ts'
import { setCommands } from './sets/commands.ts'
import { sortedSetCommands } from './sorted-sets/commands.ts'
import { sortingCommands } from './sorting/commands.ts'
import { stringCommands } from './strings/commands.ts'
import { transactionCommands } from './transactions/commands.ts'
import { watchedVersions } from './transactions/evaluate.ts'

/** Every command that clients can call. */
export const commands: readonly Command[] = [
  ...stringCommands,
  ...keyCommands,
  ...hashCommands,
  ...listCommands,
  ...setCommands,
  ...sortedSetCommands,
  ...sortingCommands,
  ...transactionCommands,
  ...connectionCommands,
  ...adminCommands,
]

const internalRow = shardRows('server', noKeys)

/** What the service itself asks shards: no client can. */
export const internalCommands: readonly ShardCommand[] = [
  read(internalRow('keyspace', 1, [], '7.0.0', 'How many keys there are and how many expire', keyspace)),
  write(internalRow('sweep', 2, [], '7.0.0', 'Deletes expired keys of some slots', sweep)),
  read(internalRow('watch', -2, [], '7.0.0', 'The versions of keys', watchedVersions)),
]

/** All that run at shards, subcommands included. */
export const shardCommands: readonly ShardCommand[] = commands.flatMap(atShards)

function atShards(command: Command): readonly ShardCommand[] {
  return command.at === 'shard' ? [command] : (command.subcommands ?? []).flatMap(atShards)
}
