import type { Arguments } from '#kernel/base/arguments.ts'
import type { CommandFlag, ConnectionCommand } from '../command.ts'
import type { Client } from '../connection/client.ts'
import { clientName } from '../connection/commands.ts'
import { errors, fail } from '../errors.ts'
import { int64Argument, integerArgument } from '../numbers.ts'
import { bulkText, integer, nullBulk, ok, verbatim } from '../reply.ts'
import { family, familyRows } from './family.ts'
import { ownEndpoint } from './own-endpoint.ts'

/** CLIENT: what client libraries call when they connect, and what people call to see who is there. */

/**
 * The fields of CLIENT LIST. Clients read some as numbers that must be there; of these, `qbuf-free`, `argv-mem`, `obl` and `oll` are
 * of buffers that no client has here.
 */
function describe(client: Client): string {
  const nowMs = client.server.context.clock.monotonicMs()
  const fields = {
    id: client.id,
    addr: client.connection.peer,
    laddr: ownEndpoint(client.server),
    name: client.name,
    age: Math.floor((nowMs - client.connectedAtMs) / 1000),
    idle: Math.floor((nowMs - client.intake.lastActiveAtMs) / 1000),
    flags: client.transaction ? 'x' : 'N',
    db: 0,
    sub: 0,
    psub: 0,
    ssub: 0,
    multi: client.transaction ? client.transaction.commands.length : -1,
    qbuf: client.intake.unreadBytes,
    'qbuf-free': 0,
    'argv-mem': 0,
    'multi-mem': client.transaction?.bytes ?? 0,
    obl: 0,
    oll: 0,
    omem: client.connection.queuedBytes,
    'tot-mem': client.intake.heldBytes,
    redir: -1,
    cmd: client.lastCommand,
    user: 'default',
    resp: client.protocol,
    'lib-name': client.libraryName,
    'lib-ver': client.libraryVersion,
  }
  return `${Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')}\n`
}

function list(client: Client, args: Arguments): void {
  let chosen = [...client.server.clients.values()]
  if (args.count > 2 && args.is(2, 'ID') && args.count > 3) {
    const ids = new Set<number>()
    for (let i = 3; i < args.count; i++) ids.add(integerArgument(args, i, 'ERR Invalid client ID'))
    chosen = chosen.filter(({ id }) => ids.has(id))
  } else if (args.count === 4 && args.is(2, 'TYPE')) {
    if (!isNormalType(args, 3)) chosen = []
  } else if (args.count > 2) {
    throw fail(errors.syntax)
  }
  verbatim(client, chosen.map(describe).join(''))
}

/** All clients here are of the type `normal`. */
function isNormalType(args: Arguments, i: number): boolean {
  const type = args.latin1(i).toLowerCase()
  if (!['normal', 'master', 'replica', 'slave', 'pubsub'].includes(type)) {
    throw fail(`ERR Unknown client type '${args.latin1(i)}'`)
  }
  return type === 'normal'
}

/** `KILL address`, or `KILL [ID id] [ADDR address] [LADDR address] [TYPE type] [USER name] [SKIPME yes|no]…`, which answers how many. */
function kill(client: Client, args: Arguments): void {
  const clients = [...client.server.clients.values()]
  if (args.count === 3) {
    const target = clients.find(({ connection }) => connection.peer === args.latin1(2))
    if (!target) throw fail('ERR No such client')
    end(target, client)
    ok(client)
    return
  }
  const filters: ((each: Client) => boolean)[] = []
  let skipSelf = true
  for (let i = 2; i < args.count; i += 2) {
    if (i + 1 === args.count) throw fail(errors.syntax)
    const value = args.latin1(i + 1)
    if (args.is(i, 'ID')) {
      const id = integerArgument(args, i + 1, 'ERR client-id should be greater than 0')
      if (id < 1) throw fail('ERR client-id should be greater than 0')
      filters.push((each) => each.id === id)
    } else if (args.is(i, 'ADDR')) {
      filters.push((each) => each.connection.peer === value)
    } else if (args.is(i, 'LADDR')) {
      const all = value === ownEndpoint(client.server)
      filters.push(() => all)
    } else if (args.is(i, 'TYPE')) {
      const all = isNormalType(args, i + 1)
      filters.push(() => all)
    } else if (args.is(i, 'USER')) {
      if (value !== 'default') throw fail(`ERR No such user '${value}'`)
    } else if (args.is(i, 'SKIPME') && (args.is(i + 1, 'YES') || args.is(i + 1, 'NO'))) {
      skipSelf = args.is(i + 1, 'YES')
    } else {
      throw fail(errors.syntax)
    }
  }
  const targets = clients.filter((each) => !(skipSelf && each === client) && filters.every((filter) => filter(each)))
  for (const target of targets) end(target, client)
  integer(client, targets.length)
}

function end(target: Client, by: Client): void {
  if (target === by) target.intake.endAfterReplies()
  else target.connection.destroy()
}

function setName(client: Client, args: Arguments): void {
  client.name = clientName(args, 2)
  ok(client)
}

/** Not in 7.0, but current libraries say who they are whatever the version. */
function setInfo(client: Client, args: Arguments): void {
  const value = args.latin1(3)
  if (!/^[!-~]*$/.test(value)) {
    throw fail(`ERR ${args.latin1(2)} cannot contain spaces, newlines or special characters.`)
  }
  if (args.is(2, 'LIB-NAME')) client.libraryName = value
  else if (args.is(2, 'LIB-VER')) client.libraryVersion = value
  else throw fail(`ERR Unrecognized option '${args.latin1(2)}'`)
  ok(client)
}

function reply(client: Client, args: Arguments): void {
  if (args.is(2, 'ON')) {
    client.setReplyMode('on')
    ok(client)
  } else if (args.is(2, 'OFF')) client.setReplyMode('off')
  else if (args.is(2, 'SKIP')) client.setReplyMode('skip')
  else throw fail(errors.syntax)
}

function onOrOff(client: Client, args: Arguments): void {
  if (!args.is(2, 'ON') && !args.is(2, 'OFF')) throw fail(errors.syntax)
  ok(client)
}

/** `UNBLOCK id [TIMEOUT | ERROR]` */
function unblock(client: Client, args: Arguments): void {
  if (args.count > 3 && !args.is(3, 'TIMEOUT') && !args.is(3, 'ERROR')) {
    throw fail('ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR')
  }
  int64Argument(args, 2)
  integer(client, 0)
}

function getName(client: Client): void {
  if (client.name === '') nullBulk(client)
  else bulkText(client, client.name)
}

const flags: readonly CommandFlag[] = ['noscript', 'loading', 'stale']

const row = familyRows('client', 'connection', flags)
const adminFlags: readonly CommandFlag[] = ['admin', ...flags]

const subcommands: readonly ConnectionCommand[] = [
  row('id', 2, '5.0.0', 'The number of this connection', (client) => integer(client, client.id)),
  row('getname', 2, '2.6.9', 'The name of this connection', getName),
  row('setname', 3, '2.6.9', 'Names this connection', setName),
  row('setinfo', 4, '7.2.0', 'Says what library the client uses', setInfo),
  row('info', 2, '6.2.0', 'This connection', (client) => verbatim(client, describe(client))),
  row('list', -2, '2.4.0', 'The connections of this node', list, { flags: adminFlags }),
  row('kill', -3, '2.4.0', 'Closes connections of this node', kill, { flags: adminFlags }),
  row('reply', 3, '3.2.0', 'Turns replies on or off', reply, { flags: [...flags, 'no_multi'] }),
  row('no-evict', 3, '7.0.0', 'Accepted: clients are never evicted here', onOrOff, { flags: adminFlags }),
  row('no-touch', 3, '7.2.0', 'Accepted: reads leave no trace here', onOrOff),
  row('unpause', 2, '6.2.0', 'Accepted: clients are never paused here', (client) => ok(client), { flags: adminFlags }),
  row('unblock', -3, '5.0.0', 'No client is blocked here: 0', unblock, { flags: adminFlags }),
  row('getredir', 2, '6.0.0', 'There is no tracking here: -1', (client) => integer(client, -1)),
]

export const clientCommand: ConnectionCommand = family({
  name: 'client',
  arity: -2,
  flags: [],
  group: 'connection',
  since: '2.4.0',
  summary: 'Connections',
  subcommands,
})
