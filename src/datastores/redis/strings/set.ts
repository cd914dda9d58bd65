import type { Arguments } from '#kernel/base/arguments.ts'
import type { Call } from '../call.ts'
import { errors, fail } from '../errors.ts'
import type { ExpireUnit } from '../expire-time.ts'
import { expireTimeArgument, expireUnits } from '../expire-time.ts'
import { Key, types } from '../keyspace.ts'
import { bulkRange, integer, nullBulk, ok } from '../reply.ts'

/** Commands that give a string a new value or time. */

const key = new Key()

/** Makes argument `i` the value of `key`, whatever it held. */
function assign(call: Call, i: number, expireAtMs: number): void {
  if (key.exists && key.type !== types.string) key.delete(call)
  const { args } = call
  key.begin(call, types.string, expireAtMs).rawRange(args.bytes, args.start(i), args.end(i))
  key.store(call)
}

function replyWithValue(call: Call): void {
  if (key.exists) bulkRange(call, key.row, key.body, key.row.length)
  else nullBulk(call)
}

export function set(call: Call): void {
  if (call.args.count === 3) {
    key.find(call, 1)
    assign(call, 2, 0)
    ok(call)
    return
  }
  setWithOptions(call)
}

function setWithOptions(call: Call): void {
  const options = parseOptions(call.args, 3, 'set')
  const { expires } = options
  const expireAtMs = expires ? expireTimeArgument(call, expires.argument, expires.unit, { command: 'set' }) : 0
  if (options.get) key.findOf(call, 1, types.string)
  else key.find(call, 1)
  if (options.get) replyWithValue(call)
  if ((options.onlyIfAbsent && key.exists) || (options.onlyIfPresent && !key.exists)) {
    if (!options.get) nullBulk(call)
    return
  }
  assign(call, 2, options.keepTime ? key.expireAtMs : expireAtMs)
  if (!options.get) ok(call)
}

interface SetOptions {
  onlyIfAbsent: boolean
  onlyIfPresent: boolean
  get: boolean
  keepTime: boolean
  persist: boolean
  expires: { readonly argument: number; readonly unit: ExpireUnit } | undefined
}

/**
 * From argument `from` on, in any order, each as often as it likes:
 *
 *     SET:   [NX | XX] [GET] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL]
 *     GETEX: [EX s | PX ms | EXAT s | PXAT ms | PERSIST]
 */
function parseOptions(args: Arguments, from: number, command: 'set' | 'getex'): SetOptions {
  const options: SetOptions = {
    onlyIfAbsent: false,
    onlyIfPresent: false,
    get: false,
    keepTime: false,
    persist: false,
    expires: undefined,
  }
  for (let i = from; i < args.count; i++) {
    const unit = expireUnit(args, i)
    if (unit && !options.keepTime && !options.persist && (options.expires?.unit ?? unit) === unit) {
      options.expires = { argument: ++i, unit }
    } else if (command === 'getex') {
      if (!args.is(i, 'PERSIST') || options.expires) throw fail(errors.syntax)
      options.persist = true
    } else if (args.is(i, 'NX') && !options.onlyIfPresent) options.onlyIfAbsent = true
    else if (args.is(i, 'XX') && !options.onlyIfAbsent) options.onlyIfPresent = true
    else if (args.is(i, 'GET')) options.get = true
    else if (args.is(i, 'KEEPTTL') && !options.expires) options.keepTime = true
    else throw fail(errors.syntax)
  }
  return options
}

/** The unit that argument `i` names, if a time follows it. */
function expireUnit(args: Arguments, i: number): ExpireUnit | undefined {
  if (i + 1 >= args.count || args.length(i) > 4) return undefined
  return expireUnits[args.latin1(i).toUpperCase()]
}

export function setnx(call: Call): void {
  const created = !key.find(call, 1)
  if (created) assign(call, 2, 0)
  integer(call, created ? 1 : 0)
}

function setWithTime(call: Call, command: string, unit: ExpireUnit): void {
  const expireAtMs = expireTimeArgument(call, 2, unit, { command })
  key.find(call, 1)
  assign(call, 3, expireAtMs)
  ok(call)
}

export function setex(call: Call): void {
  setWithTime(call, 'setex', expireUnits.EX!)
}

export function psetex(call: Call): void {
  setWithTime(call, 'psetex', expireUnits.PX!)
}

export function get(call: Call): void {
  if (key.findOf(call, 1, types.string)) bulkRange(call, key.row, key.body, key.row.length)
  else nullBulk(call)
}

export function getset(call: Call): void {
  key.findOf(call, 1, types.string)
  replyWithValue(call)
  assign(call, 2, 0)
}

export function getdel(call: Call): void {
  key.findOf(call, 1, types.string)
  replyWithValue(call)
  if (key.exists) key.delete(call)
}

export function getex(call: Call): void {
  const { expires, persist } = parseOptions(call.args, 2, 'getex')
  if (!key.findOf(call, 1, types.string)) {
    nullBulk(call)
    return
  }
  const expireAtMs = expires ? expireTimeArgument(call, expires.argument, expires.unit, { command: 'getex' }) : 0
  replyWithValue(call)
  if (expires || (persist && key.expireAtMs !== 0)) key.touch(call, expireAtMs)
}
