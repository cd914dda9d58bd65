import type { Arguments } from '#kernel/base/arguments.ts'
import { latin1Bytes } from '#kernel/base/bytes.ts'
import type { CommandFlag, ConnectionCommand } from '../command.ts'
import { noKeys, onConnection } from '../command.ts'
import { errors, fail } from '../errors.ts'
import { int64Argument, parseInt64 } from '../numbers.ts'
import { array, bulk, bulkRange, bulkText, integer, map, ok, simple } from '../reply.ts'
import { redisVersion } from '../version.ts'
import type { Client } from './client.ts'

/** Commands about the connection itself. */

function ping(client: Client, args: Arguments): void {
  if (args.count > 2) throw fail("ERR wrong number of arguments for 'ping' command")
  if (args.count === 1) simple(client, 'PONG')
  else bulkRange(client, args.bytes, args.start(1), args.end(1))
}

function echo(client: Client, args: Arguments): void {
  bulkRange(client, args.bytes, args.start(1), args.end(1))
}

/** There is one database, as in Redis Cluster. */
function select(client: Client, args: Arguments): void {
  if (int64Argument(args, 1) !== 0) throw fail(errors.databaseOutOfRange)
  ok(client)
}

function quit(client: Client): void {
  ok(client)
  client.intake.endAfterReplies()
}

function reset(client: Client): void {
  client.reset()
  simple(client, 'RESET')
}

/** The one user is the default one, who needs no password: what Redis says with its default configuration. */
function authenticate(user: string): void {
  if (user !== 'default') throw fail('WRONGPASS invalid username-password pair or user is disabled.')
}

function auth(client: Client, args: Arguments): void {
  if (args.count > 3) throw fail(errors.syntax)
  if (args.count === 2) {
    throw fail(
      'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
    )
  }
  authenticate(args.latin1(1))
  ok(client)
}

/** `HELLO [version [AUTH user password] [SETNAME name]]` */
function hello(client: Client, args: Arguments): void {
  let version: number | bigint | undefined
  if (args.count > 1) {
    version = parseInt64(args.bytes, args.start(1), args.end(1))
    if (version === undefined) throw fail('ERR Protocol version is not an integer or out of range')
    if (version !== 2 && version !== 3) throw fail(errors.noProto)
  }
  let name: string | undefined
  for (let i = 2; i < args.count; i++) {
    if (args.is(i, 'AUTH') && i + 2 < args.count) {
      authenticate(args.latin1(i + 1))
      i += 2
    } else if (args.is(i, 'SETNAME') && i + 1 < args.count) {
      name = clientName(args, ++i)
    } else {
      throw fail(`ERR Syntax error in HELLO option '${args.latin1(i)}'`)
    }
  }
  if (name !== undefined) client.name = name
  if (version !== undefined) client.protocol = version === 2 ? 2 : 3
  map(client, 7)
  bulkText(client, 'server')
  bulkText(client, 'redis')
  bulkText(client, 'version')
  bulkText(client, redisVersion)
  bulkText(client, 'proto')
  integer(client, client.protocol)
  bulkText(client, 'id')
  integer(client, client.id)
  bulkText(client, 'mode')
  bulkText(client, 'standalone')
  bulkText(client, 'role')
  bulkText(client, 'master')
  bulkText(client, 'modules')
  array(client, 0)
}

/** Printable ASCII without spaces; empty: none. @throws CommandError */
export function clientName(args: Arguments, i: number): string {
  const name = args.latin1(i)
  if (!/^[!-~]*$/.test(name)) {
    throw fail('ERR Client names cannot contain spaces, newlines or special characters.')
  }
  return name
}

function time(client: Client): void {
  const nowUs = Math.floor(client.server.context.clock.wallMs() * 1000)
  array(client, 2)
  bulk(client, latin1Bytes(String(Math.floor(nowUs / 1_000_000))))
  bulk(client, latin1Bytes(String(nowUs % 1_000_000)))
}

/**
 * Every acknowledged write is on a majority of its shard's replicas, so there is nothing to wait for: the answer is how many
 * replicas besides the leader are sure to have it.
 */
function wait(client: Client, args: Arguments): void {
  int64Argument(args, 1)
  if (int64Argument(args, 2, 'ERR timeout is not an integer or out of range') < 0) throw fail('ERR timeout is negative')
  const replicas = client.server.shards().map((shard) => shard.replicas.length)
  integer(client, Math.floor(Math.min(...replicas) / 2))
}

/** Any node answers for all keys, and reads are as fresh everywhere. */
function acknowledge(client: Client): void {
  ok(client)
}

const anytime: readonly CommandFlag[] = ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy']

function row(
  name: string,
  arity: number,
  flags: readonly CommandFlag[],
  since: string,
  summary: string,
  handle: ConnectionCommand['handle'],
): Omit<ConnectionCommand, 'at'> {
  return { name, arity, flags, since, summary, handle, keys: noKeys, group: 'connection' }
}

export const connectionCommands: readonly ConnectionCommand[] = [
  onConnection(row('auth', -2, anytime, '1.0.0', 'Logs in', auth)),
  onConnection(row('echo', 2, ['loading', 'stale', 'fast'], '1.0.0', 'Answers its argument', echo)),
  onConnection(row('hello', -1, [...anytime, 'no_multi'], '6.0.0', 'Chooses the protocol version', hello)),
  onConnection(row('ping', -1, ['fast'], '1.0.0', 'Answers PONG, or its argument', ping)),
  onConnection({ ...row('quit', -1, anytime, '1.0.0', 'Closes the connection', quit), immediate: true }),
  onConnection({ ...row('reset', 1, anytime, '6.2.0', 'Makes the connection as new', reset), immediate: true }),
  onConnection(row('select', 2, ['loading', 'stale', 'fast'], '1.0.0', 'Chooses database 0, the only one', select)),
  onConnection({
    ...row('asking', 1, ['fast'], '3.0.0', 'For clients of clusters: OK', acknowledge),
    group: 'cluster',
  }),
  onConnection({
    ...row('readonly', 1, ['loading', 'stale', 'fast'], '3.0.0', 'For clients of clusters: OK', acknowledge),
    group: 'cluster',
  }),
  onConnection({
    ...row('readwrite', 1, ['loading', 'stale', 'fast'], '3.0.0', 'For clients of clusters: OK', acknowledge),
    group: 'cluster',
  }),
  onConnection({ ...row('time', 1, ['loading', 'stale', 'fast'], '2.6.0', 'The time', time), group: 'server' }),
  onConnection({
    ...row('wait', 3, ['noscript'], '3.0.0', 'How many replicas besides the leader have all writes', wait),
    group: 'generic',
  }),
]
