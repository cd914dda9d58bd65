import type { Arguments } from '#kernel/base/arguments.ts'
import type { Call } from './call.ts'
import type { Client } from './connection/client.ts'

/**
 * A command is one row: what COMMAND says of it, where its keys are, and what runs it. To add one, write its row and its
 * `run`, and put the row into its group's list (`commands.ts` joins the lists).
 */
export interface CommandSpec {
  /** Lower case; a subcommand's is `client|list`. */
  readonly name: string
  /** Counts the name; -n: at least n. Checked before `run`. */
  readonly arity: number
  readonly flags: readonly CommandFlag[]
  readonly keys: KeyPositions
  readonly group: CommandGroup
  readonly since: string
  readonly summary: string
}

/** Runs as one transaction at the leader of the shard that holds the keys. */
export interface ShardCommand extends CommandSpec {
  readonly at: 'shard'
  readonly kind: 'read' | 'write'
  /** Raised when what `run` does for the same arguments changes: evaluators never change their meaning. */
  readonly version: number
  readonly run: Run
  /** For a command without keys, which concerns all of them: how the replies of several shards become one. */
  readonly spread?: Spread
}

/**
 * `sum` adds integers, `list` joins lists, `same` takes one of the replies, all of which are the same, `any` asks shards in a
 * random order until one has something, `cursor` goes from shard to shard with SCAN's cursor.
 */
export type Spread = 'sum' | 'list' | 'same' | 'any' | 'cursor'

/** Writes exactly one reply, or throws a `CommandError`, whose text is the reply then. */
export type Run = (call: Call) => void

/**
 * Is answered by the connection: needs no rows, or asks shards for them itself. `handle` writes one reply, takes a place for a
 * later one (`client.reserve`), or throws a `CommandError`. Between MULTI and EXEC it is queued, unless it is flagged
 * `no_multi` (then it is refused) or `immediate`.
 */
export interface ConnectionCommand extends CommandSpec {
  readonly at: 'connection'
  readonly handle: (client: Client, args: Arguments) => void
  readonly immediate?: boolean
  /** The command is a family: its second argument chooses one of these. Their names are `client|id` and so on. */
  readonly subcommands?: readonly Command[]
}

export type Command = ShardCommand | ConnectionCommand

/** As COMMAND INFO names them. */
export type CommandFlag =
  | 'admin'
  | 'allow_busy'
  | 'asking'
  | 'blocking'
  | 'denyoom'
  | 'fast'
  | 'loading'
  | 'movablekeys'
  | 'no_auth'
  | 'no_multi'
  | 'noscript'
  | 'pubsub'
  | 'readonly'
  | 'skip_slowlog'
  | 'stale'
  | 'write'

export type CommandGroup =
  | 'cluster'
  | 'connection'
  | 'generic'
  | 'hash'
  | 'list'
  | 'server'
  | 'set'
  | 'sorted-set'
  | 'string'
  | 'transactions'

/**
 * Which arguments are keys: `first` to `last` in steps of `step`, where a negative `last` counts from the end; `first` 0:
 * none. `also` finds those that depend on the arguments (a count before them), and gives their positions.
 */
export interface KeyPositions {
  readonly first: number
  readonly last: number
  readonly step: number
  readonly also?: (args: Arguments) => readonly number[]
  /** Whether the command reads keys that its arguments do not name, wherever they are: it needs all keys in one shard. */
  readonly whole?: (args: Arguments) => boolean
  /** The argument that is a slot's number, of commands about a slot. */
  readonly slot?: number
}

export const noKeys: KeyPositions = { first: 0, last: 0, step: 0 }
export const firstKey: KeyPositions = { first: 1, last: 1, step: 1 }
export const firstTwoKeys: KeyPositions = { first: 1, last: 2, step: 1 }
export const allKeys: KeyPositions = { first: 1, last: -1, step: 1 }

/** Rows of shard commands: `flags` are written without `readonly` and `write`, which `kind` implies. */
export type ShardRow = Omit<ShardCommand, 'at' | 'kind' | 'version' | 'spread'> & { readonly version?: number }

export function read(row: ShardRow, spread?: Spread): ShardCommand {
  return shardCommand(row, 'read', 'readonly', spread)
}

export function write(row: ShardRow, spread?: Spread): ShardCommand {
  return shardCommand(row, 'write', 'write', spread)
}

function shardCommand(
  row: ShardRow,
  kind: ShardCommand['kind'],
  flag: CommandFlag,
  spread: Spread | undefined,
): ShardCommand {
  const command = { version: 1, ...row, flags: [flag, ...row.flags], at: 'shard', kind } as const
  return spread ? { ...command, spread } : command
}

export function onConnection(row: Omit<ConnectionCommand, 'at'>): ConnectionCommand {
  return { ...row, at: 'connection' }
}

/** Makes the rows of a group, most of whose commands have their keys in the same place. */
export function shardRows(group: CommandGroup, keys: KeyPositions) {
  return (
    name: string,
    arity: number,
    flags: readonly CommandFlag[],
    since: string,
    summary: string,
    run: Run,
    ownKeys: KeyPositions = keys,
  ): ShardRow => ({ name, arity, flags, since, summary, run, keys: ownKeys, group })
}
