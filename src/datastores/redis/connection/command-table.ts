import type { Arguments } from '#kernel/base/arguments.ts'
import type { Command, ShardCommand } from '../command.ts'
import { evaluatorOf } from '../run-command.ts'

/** A command as connections find it. */
export interface TableRow {
  readonly command: Command
  /** The command as it is given to shards, if it is, with the names of its evaluators. */
  readonly shard: { readonly command: ShardCommand; readonly resp2: string; readonly resp3: string } | undefined
  readonly subcommands: CommandTable | undefined
}

/** Commands by name, looked up from bytes in any case without making a string. */
export class CommandTable {
  readonly rows: readonly TableRow[]
  /** Open addressing, at most a quarter full. */
  readonly #places: (Place | undefined)[]
  readonly #mask: number

  constructor(commands: readonly Command[]) {
    this.rows = commands.map(tableRow)
    let size = 4
    while (size < commands.length * 4) size *= 2
    this.#mask = size - 1
    this.#places = new Array<Place | undefined>(size).fill(undefined)
    for (const row of this.rows) {
      const { name } = row.command
      const word = name.slice(name.indexOf('|') + 1).toUpperCase()
      let hash = word.length
      for (let i = 0; i < word.length; i++) hash = step(hash, word.charCodeAt(i))
      let at = hash & this.#mask
      while (this.#places[at]) at = (at + 1) & this.#mask
      this.#places[at] = { word, row }
    }
  }

  /** The command that argument `i` names. */
  find(args: Arguments, i: number): TableRow | undefined {
    const { bytes } = args
    const end = args.end(i)
    let hash = args.length(i)
    for (let at = args.start(i); at < end; at++) hash = step(hash, bytes[at]!)
    for (let at = hash & this.#mask; ; at = (at + 1) & this.#mask) {
      const place = this.#places[at]
      if (place === undefined || args.is(i, place.word)) return place?.row
    }
  }
}

interface Place {
  readonly word: string
  readonly row: TableRow
}

/** Ignores the bit that tells ASCII letters' case. */
function step(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + (byte | 0x20)) | 0
}

function tableRow(command: Command): TableRow {
  return {
    command,
    shard:
      command.at === 'shard' ? { command, resp2: evaluatorOf(command, 2), resp3: evaluatorOf(command, 3) } : undefined,
    subcommands: command.at === 'connection' && command.subcommands ? new CommandTable(command.subcommands) : undefined,
  }
}

/** Whether a number of arguments, the name included, fits. */
export function arityFits(command: Command, count: number): boolean {
  return command.arity >= 0 ? count === command.arity : count >= -command.arity
}

/** Calls `visit` for the position of each key. */
export function visitKeyPositions(command: Command, args: Arguments, visit: (position: number) => void): void {
  const { first, last, step: by, also } = command.keys
  if (first > 0) {
    const to = last < 0 ? args.count + last : last
    for (let i = first; i <= to; i += by) visit(i)
  }
  if (also) for (const i of also(args)) visit(i)
}
