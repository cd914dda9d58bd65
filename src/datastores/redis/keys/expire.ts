import type { Arguments } from '#kernel/base/arguments.ts'
import type { Call } from '../call.ts'
import { nowMs } from '../call.ts'
import { fail } from '../errors.ts'
import { expireTimeArgument, expireUnits } from '../expire-time.ts'
import { Key } from '../keyspace.ts'
import { integer } from '../reply.ts'

/** Times at which keys expire. */

const key = new Key()

type Condition = 'NX' | 'XX' | 'GT' | 'LT'

/** `[NX | XX | GT | LT]…` from argument 3 on: XX goes together with GT or LT. */
function conditions(args: Arguments): ReadonlySet<Condition> {
  const found = new Set<Condition>()
  for (let i = 3; i < args.count; i++) {
    const option = args.latin1(i)
    const condition = option.toUpperCase()
    if (condition !== 'NX' && condition !== 'XX' && condition !== 'GT' && condition !== 'LT') {
      throw fail(`ERR Unsupported option ${option}`)
    }
    found.add(condition)
  }
  if (found.has('NX') && found.size > 1) {
    throw fail('ERR NX and XX, GT or LT options at the same time are not compatible')
  }
  if (found.has('GT') && found.has('LT')) {
    throw fail('ERR GT and LT options at the same time are not compatible')
  }
  return found
}

/** Whether the key's time, 0 for never, allows the new one. Never is later than all times. */
function allowed(found: ReadonlySet<Condition>, currentMs: number, newMs: number): boolean {
  if (found.has('NX') && currentMs !== 0) return false
  if (found.has('XX') && currentMs === 0) return false
  if (found.has('GT') && (currentMs === 0 || newMs <= currentMs)) return false
  return !(found.has('LT') && currentMs !== 0 && newMs >= currentMs)
}

function expireKey(call: Call, command: string, unitName: string): void {
  const found = conditions(call.args)
  const expireAtMs = expireTimeArgument(call, 2, expireUnits[unitName]!, { command, anySign: true })
  if (!key.find(call, 1) || !allowed(found, key.expireAtMs, expireAtMs)) {
    integer(call, 0)
    return
  }
  if (expireAtMs <= nowMs(call)) key.delete(call)
  else key.touch(call, expireAtMs)
  integer(call, 1)
}

export function expire(call: Call): void {
  expireKey(call, 'expire', 'EX')
}

export function pexpire(call: Call): void {
  expireKey(call, 'pexpire', 'PX')
}

export function expireat(call: Call): void {
  expireKey(call, 'expireat', 'EXAT')
}

export function pexpireat(call: Call): void {
  expireKey(call, 'pexpireat', 'PXAT')
}

export function persist(call: Call): void {
  const expires = key.find(call, 1) && key.expireAtMs !== 0
  if (expires) key.touch(call, 0)
  integer(call, expires ? 1 : 0)
}

/** -2: there is no such key; -1: it does not expire. */
function replyWithTime(call: Call, milliseconds: (expireAtMs: number) => number, unitMs: number): void {
  if (!key.find(call, 1)) integer(call, -2)
  else if (key.expireAtMs === 0) integer(call, -1)
  else integer(call, Math.floor((milliseconds(key.expireAtMs) + unitMs / 2) / unitMs))
}

export function ttl(call: Call): void {
  replyWithTime(call, (expireAtMs) => expireAtMs - nowMs(call), 1000)
}

export function pttl(call: Call): void {
  replyWithTime(call, (expireAtMs) => expireAtMs - nowMs(call), 1)
}

export function expiretime(call: Call): void {
  replyWithTime(call, (expireAtMs) => expireAtMs, 1000)
}

export function pexpiretime(call: Call): void {
  replyWithTime(call, (expireAtMs) => expireAtMs, 1)
}
