import type { Command, CommandFlag, CommandGroup, ConnectionCommand, KeyPositions } from '../command.ts'
import { noKeys, onConnection } from '../command.ts'
import { help } from './help.ts'

/** Rows of a family of subcommands, whose flags and group are mostly the same. */
export function familyRows(family: string, group: CommandGroup, flags: readonly CommandFlag[]) {
  return (
    name: string,
    arity: number,
    since: string,
    summary: string,
    handle: ConnectionCommand['handle'],
    own: { readonly flags?: readonly CommandFlag[]; readonly keys?: KeyPositions } = {},
  ): ConnectionCommand =>
    onConnection({ name: `${family}|${name}`, arity, flags, keys: noKeys, group, since, summary, handle, ...own })
}

/**
 * The family's own row, with HELP added. `handle` is for the name alone, where `arity` allows that.
 */
export function family(
  row: Pick<Command, 'name' | 'arity' | 'flags' | 'group' | 'since' | 'summary'> & {
    readonly subcommands: readonly Command[]
    readonly handle?: ConnectionCommand['handle']
  },
): ConnectionCommand {
  const { name, group, since } = row
  const subcommands: Command[] = [
    ...row.subcommands,
    onConnection({
      name: `${name}|help`,
      arity: 2,
      flags: ['loading', 'stale'],
      keys: noKeys,
      group,
      since,
      summary: 'What there is',
      handle: (client) => help(client, name.toUpperCase(), subcommands),
    }),
  ]
  return onConnection({ handle: () => {}, ...row, keys: noKeys, subcommands })
}
