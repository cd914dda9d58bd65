import type { Arguments } from '#kernel/base/arguments.ts'
import type { Call } from './call.ts'
import type { Client } from './client.ts'

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
}

/** Writes exactly one reply, or throws a `CommandError`, whose text is the reply then. */
export type Run = (call: Call) => void

/** Is answered by the connection: needs no rows, or asks shards for them itself. */
export interface ConnectionCommand extends CommandSpec {
  readonly at: 'connection'
  readonly handle: (client: Client, args: Arguments) => void
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
}

export const noKeys: KeyPositions = { first: 0, last: 0, step: 0 }
export const firstKey: KeyPositions = { first: 1, last: 1, step: 1 }
export const firstTwoKeys: KeyPositions = { first: 1, last: 2, step: 1 }
export const allKeys: KeyPositions = { first: 1, last: -1, step: 1 }

/** Rows of shard commands: `flags` are written without `readonly` and `write`, which `kind` implies. */
export type ShardRow = Omit<ShardCommand, 'at' | 'kind' | 'version'> & { readonly version?: number }

export function read(row: ShardRow): ShardCommand {
  return { version: 1, ...row, flags: ['readonly', ...row.flags], at: 'shard', kind: 'read' }
}

export function write(row: ShardRow): ShardCommand {
  return { version: 1, ...row, flags: ['write', ...row.flags], at: 'shard', kind: 'write' }
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
