import { Arguments } from '#kernel/base/arguments.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { latin1Bytes, utf8Bytes } from '#kernel/base/bytes.ts'
import type { Command, CommandFlag, ConnectionCommand } from '../command.ts'
import type { Client } from '../connection/client.ts'
import type { CommandTable, TableRow } from '../connection/command-table.ts'
import { arityFits, visitKeyPositions } from '../connection/command-table.ts'
import { errors, fail } from '../errors.ts'
import { globMatches } from '../glob.ts'
import type { ProtocolVersion, ReplyTarget } from '../reply.ts'
import { array, bulk, bulkText, integer, map, nullBulk, set, simple } from '../reply.ts'
import { family, familyRows } from './family.ts'

/** COMMAND: the table of commands, as clients and their completions ask for it. */

/** `set`, or `client|id`. */
function findByName(table: CommandTable, name: string): TableRow | undefined {
  const [first = '', second] = name.split('|')
  const row = table.find(Arguments.of(latin1Bytes(first)), 0)
  if (second === undefined) return row
  return row?.subcommands?.find(Arguments.of(latin1Bytes(second)), 0)
}

function* allRows(table: CommandTable): Iterable<TableRow> {
  for (const row of table.rows) {
    yield row
    if (row.subcommands) yield* row.subcommands.rows
  }
}

const categoryNames: Readonly<Record<Command['group'], string>> = {
  cluster: 'cluster',
  connection: 'connection',
  generic: 'keyspace',
  hash: 'hash',
  list: 'list',
  server: 'server',
  set: 'set',
  'sorted-set': 'sortedset',
  string: 'string',
  transactions: 'transaction',
}

function categories(command: Command): string[] {
  const { flags } = command
  const found = [`@${categoryNames[command.group]}`]
  if (flags.includes('write')) found.push('@write')
  if (flags.includes('readonly')) found.push('@read')
  if (flags.includes('admin')) found.push('@admin', '@dangerous')
  found.push(flags.includes('fast') ? '@fast' : '@slow')
  return found
}

function describe(client: ReplyTarget, row: TableRow): void {
  const { command, subcommands } = row
  const { first, last, step, also } = command.keys
  array(client, 10)
  bulkText(client, command.name)
  integer(client, command.arity)
  const flags = also ? [...command.flags, 'movablekeys'] : command.flags
  set(client, flags.length)
  for (const flag of flags) simple(client, flag)
  integer(client, first)
  integer(client, last)
  integer(client, step)
  const named = categories(command)
  set(client, named.length)
  for (const category of named) simple(client, category)
  array(client, 0)
  describeKeys(client, command)
  array(client, subcommands?.rows.length ?? 0)
  for (const each of subcommands?.rows ?? []) describe(client, each)
}

/** Key specifications (Redis 7): one range, where keys have fixed places. */
function describeKeys(client: ReplyTarget, command: Command): void {
  const { first, last, step } = command.keys
  if (first === 0) {
    array(client, 0)
    return
  }
  array(client, 1)
  map(client, 3)
  bulkText(client, 'flags')
  set(client, 1)
  simple(client, command.flags.includes('write') ? 'RW' : 'RO')
  bulkText(client, 'begin_search')
  map(client, 2)
  bulkText(client, 'type')
  bulkText(client, 'index')
  bulkText(client, 'spec')
  map(client, 1)
  bulkText(client, 'index')
  integer(client, first)
  bulkText(client, 'find_keys')
  map(client, 2)
  bulkText(client, 'type')
  bulkText(client, 'range')
  bulkText(client, 'spec')
  map(client, 3)
  bulkText(client, 'lastkey')
  integer(client, last < 0 ? last : last - first)
  bulkText(client, 'keystep')
  integer(client, step)
  bulkText(client, 'limit')
  integer(client, 0)
}

/** COMMAND's reply by protocol: it is long, always the same, and some clients ask for it with every connection. */
const allDescribed = new WeakMap<CommandTable, Partial<Record<ProtocolVersion, Uint8Array>>>()

function describeAll(client: Client): void {
  const { protocol, server } = client
  const known = allDescribed.get(server.table) ?? {}
  allDescribed.set(server.table, known)
  client.reply.raw((known[protocol] ??= describedAll(server.table, protocol)))
}

function describedAll({ rows }: CommandTable, protocol: ProtocolVersion): Uint8Array {
  const to = { reply: new ByteWriter(1 << 16), protocol }
  array(to, rows.length)
  for (const row of rows) describe(to, row)
  return to.reply.copy()
}

function info(client: Client, args: Arguments): void {
  if (args.count === 2) {
    describeAll(client)
    return
  }
  array(client, args.count - 2)
  for (let i = 2; i < args.count; i++) {
    const row = findByName(client.server.table, args.latin1(i))
    if (row) describe(client, row)
    else nullBulk(client)
  }
}

function docs(client: Client, args: Arguments): void {
  const { table } = client.server
  const rows =
    args.count === 2
      ? table.rows
      : Array.from({ length: args.count - 2 }, (_, i) => findByName(table, args.latin1(i + 2))).filter((row) => !!row)
  map(client, rows.length)
  for (const row of rows) documentation(client, row)
}

function documentation(client: Client, { command, subcommands }: TableRow): void {
  bulkText(client, command.name)
  map(client, subcommands ? 4 : 3)
  for (const field of ['summary', 'since', 'group'] as const) {
    bulkText(client, field)
    bulkText(client, command[field])
  }
  if (!subcommands) return
  bulkText(client, 'subcommands')
  map(client, subcommands.rows.length)
  for (const row of subcommands.rows) documentation(client, row)
}

/** `LIST [FILTERBY MODULE name | ACLCAT category | PATTERN pattern]` */
function list(client: Client, args: Arguments): void {
  let rows = [...allRows(client.server.table)]
  if (args.count === 5 && args.is(2, 'FILTERBY')) {
    const value = args.latin1(4).toLowerCase()
    if (args.is(3, 'PATTERN')) {
      const pattern = latin1Bytes(value)
      rows = rows.filter(({ command: { name } }) => globMatches(pattern, utf8Bytes(name), 0, name.length))
    } else if (args.is(3, 'ACLCAT')) {
      rows = rows.filter(({ command }) => categories(command).includes(`@${value}`))
    } else if (args.is(3, 'MODULE')) {
      rows = []
    } else {
      throw fail(errors.syntax)
    }
  } else if (args.count !== 2) {
    throw fail(errors.syntax)
  }
  array(client, rows.length)
  for (const { command } of rows) bulkText(client, command.name)
}

function getKeys(client: Client, args: Arguments): void {
  const asked = args.clone(2)
  let row = client.server.table.find(asked, 0)
  if (row?.subcommands && asked.count > 1) row = row.subcommands.find(asked, 1)
  if (!row) throw fail('ERR Invalid command specified')
  const { command } = row
  if (command.keys.first === 0 && !command.keys.also) throw fail('ERR The command has no key arguments')
  if (!arityFits(command, asked.count)) throw fail('ERR Invalid number of arguments specified for command')
  if (command.keys.also?.(asked).length === 0) throw fail('ERR Invalid arguments specified for command')
  const keys: Uint8Array[] = []
  visitKeyPositions(command, asked, (i) => keys.push(asked.slice(i)))
  array(client, keys.length)
  for (const key of keys) bulk(client, key)
}

const flags: readonly CommandFlag[] = ['loading', 'stale']
const row = familyRows('command', 'server', flags)

export const commandCommand: ConnectionCommand = family({
  name: 'command',
  arity: -1,
  flags,
  group: 'server',
  since: '2.8.13',
  summary: 'The table of commands',
  handle: describeAll,
  subcommands: [
    row('count', 2, '2.8.13', 'How many commands there are', (client) =>
      integer(client, client.server.table.rows.length),
    ),
    row('docs', -2, '7.0.0', 'What commands are for', docs),
    row('getkeys', -4, '2.8.13', 'Which arguments of a command are keys', getKeys),
    row('info', -2, '2.8.13', 'Flags, arity and keys of commands', info),
    row('list', -2, '7.0.0', 'Names of commands', list),
  ],
})
