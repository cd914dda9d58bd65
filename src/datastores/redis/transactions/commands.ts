import { Arguments } from '#kernel/base/arguments.ts'
import { concatBytes, copyBytes, latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import type { ConnectionCommand } from '../command.ts'
import { allKeys, noKeys, onConnection } from '../command.ts'
import type { AskedSlots, Client } from '../connection/client.ts'
import { keySlots } from '../connection/server.ts'
import { errors, fail } from '../errors.ts'
import { array, ok } from '../reply.ts'
import { keySlot } from '../slots.ts'
import type { TransactionKind } from './evaluate.ts'
import { literalEvaluator, transactionEvaluator } from './evaluate.ts'
import { Transaction } from './transaction.ts'
import type { Watch } from './watch.ts'

/** MULTI, EXEC, DISCARD, WATCH, UNWATCH on a connection. */

function multi(client: Client): void {
  if (client.transaction) throw fail(errors.nestedMulti)
  client.transaction = new Transaction()
  ok(client)
}

function discard(client: Client): void {
  if (!client.transaction) throw fail(errors.discardWithoutMulti)
  client.transaction = undefined
  client.watches.clear()
  ok(client)
}

function unwatch(client: Client): void {
  client.watches.clear()
  ok(client)
}

const okReply = latin1Bytes('+OK\r\n')
const watchWord = latin1Bytes('WATCH')
/** Of the internal command that `watchedVersions` is. */
export const watchEvaluator = 'watch.resp2'

/**
 * Nothing after WATCH is looked at before the versions are known: EXEC must carry them. One request for all keys, which sees them at
 * one moment; keys of several shards are refused here as they would be by EXEC.
 */
function watch(client: Client, args: Arguments): void {
  if (client.transaction) throw fail(errors.watchInsideMulti)
  const keys: Uint8Array[] = []
  for (let i = 1; i < args.count; i++) if (!client.watches.has(args.latin1(i))) keys.push(copyBytes(args.slice(i)))
  if (client.watches.size + keys.length > watchesMax) throw fail(`ERR more than ${watchesMax} keys are watched`)
  if (keys.length === 0) {
    ok(client)
    return
  }
  client.intake.stall()
  const pending = client.reserve()
  const [first, ...others] = new Set(keys.map((key) => keySlot(key, 0, key.length)))
  client.ask(watchEvaluator, joined([watchWord, ...keys]), [first!, ...others], ({ bytes, failure }) => {
    if (failure) {
      pending.failed(failure)
    } else if (bytes[0] !== asterisk) {
      pending.replied(bytes)
    } else {
      const versions = latin1Text(bytes).split('\r\n:').slice(1).map(Number)
      keys.forEach((key, i) => {
        client.watches.set(latin1Text(key), { key, slot: keySlot(key, 0, key.length), version: versions[i]! })
      })
      pending.replied(okReply)
    }
    client.intake.unstall()
  })
}

const watchesMax = 65_536
const asterisk = 0x2a

function exec(client: Client): void {
  const { transaction } = client
  if (!transaction) throw fail(errors.execWithoutMulti)
  const watches = [...client.watches.values()]
  client.transaction = undefined
  client.watches.clear()
  if (transaction.failed) throw fail(errors.execAbort)
  const request = transactionRequest(client, transaction, watches)
  const { slots } = request
  if (slots === 'none') {
    array(client, request.literals.length)
    client.reply.raw(concatBytes(request.literals))
    return
  }
  const pending = client.reserve()
  client.ask(transactionEvaluator(request.kind, client.protocol), joined(request.parts), slots, (outcome) => {
    if (outcome.failure) pending.failed(outcome.failure)
    else pending.replied(outcome.bytes)
  })
}

interface TransactionRequest {
  readonly kind: TransactionKind
  /** `none`: nothing of it is for shards. */
  readonly slots: AskedSlots | 'none'
  readonly parts: readonly Uint8Array[]
  /** Replies that the connection made itself. */
  readonly literals: readonly Uint8Array[]
}

function transactionRequest(client: Client, transaction: Transaction, watches: readonly Watch[]): TransactionRequest {
  const { commands } = transaction
  const parts = [execWord, number(watches.length), number(commands.length)]
  const slots = new Set<number>()
  const literals: Uint8Array[] = []
  let kind: TransactionKind = 'read'
  let whole = false
  for (const { key, slot, version } of watches) {
    parts.push(key, number(version))
    slots.add(slot)
  }
  for (const { row, args } of commands) {
    const { command, shard } = row
    if (command.at === 'connection') {
      const literal = client.replyOf(command, args)
      literals.push(literal)
      parts.push(literalWord, number(1), literal)
      continue
    }
    const evaluator = client.protocol === 2 ? shard!.resp2 : shard!.resp3
    const name = client.server.context.gateway.newest(evaluator)
    if (name === undefined) throw fail(errors.unsupported)
    parts.push(latin1Bytes(name), number(args.count))
    for (let i = 0; i < args.count; i++) parts.push(args.slice(i))
    if (command.kind === 'write') kind = 'write'
    if (command.spread) whole = true
    const keys = keySlots(command, args)
    for (const slot of keys.length > 0 ? keys : [0]) slots.add(slot)
  }
  const [first, ...others] = slots
  if (whole) return { kind, slots: undefined, parts, literals }
  return { kind, slots: first === undefined ? 'none' : [first, ...others], parts, literals }
}

const execWord = latin1Bytes('EXEC')
const literalWord = latin1Bytes(literalEvaluator)

function number(value: number): Uint8Array {
  return latin1Bytes(String(value))
}

function joined(parts: readonly Uint8Array[]): Arguments {
  const args = new Arguments(concatBytes(parts))
  let at = 0
  for (const part of parts) args.push(at, (at += part.length))
  return args
}

const group = 'transactions'
const flags = ['noscript', 'loading', 'stale', 'fast', 'allow_busy'] as const

export const transactionCommands: readonly ConnectionCommand[] = [
  onConnection({
    name: 'multi',
    arity: 1,
    flags,
    keys: noKeys,
    group,
    since: '1.2.0',
    summary: 'Begins a transaction: commands are queued',
    immediate: true,
    handle: multi,
  }),
  onConnection({
    name: 'exec',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'skip_slowlog'],
    keys: noKeys,
    group,
    since: '1.2.0',
    summary: 'Runs the queued commands as one, if no watched key has changed',
    immediate: true,
    handle: exec,
  }),
  onConnection({
    name: 'discard',
    arity: 1,
    flags,
    keys: noKeys,
    group,
    since: '2.0.0',
    summary: 'Drops the queued commands',
    immediate: true,
    handle: discard,
  }),
  onConnection({
    name: 'watch',
    arity: -2,
    flags,
    keys: allKeys,
    group,
    since: '2.2.0',
    summary: 'Makes the next transaction depend on keys being unchanged',
    immediate: true,
    handle: watch,
  }),
  onConnection({
    name: 'unwatch',
    arity: 1,
    flags,
    keys: noKeys,
    group,
    since: '2.2.0',
    summary: 'Forgets the watched keys',
    handle: unwatch,
  }),
]
