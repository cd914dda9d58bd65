import type { Call } from './call.ts'
import { nowMs } from './call.ts'
import { fail, invalidExpireTime } from './errors.ts'
import { int64Argument } from './numbers.ts'

/**
 * How an option or a command gives the time at which a key expires. Redis computes in int64 milliseconds; we keep safe
 * integers: a time after the year 287,000 becomes the last of them.
 */
export interface ExpireUnit {
  readonly seconds: boolean
  /** From now on, not since the epoch. */
  readonly relative: boolean
}
export const expireUnits: Readonly<Record<string, ExpireUnit>> = {
  EX: { seconds: true, relative: true },
  PX: { seconds: false, relative: true },
  EXAT: { seconds: true, relative: false },
  PXAT: { seconds: false, relative: false },
}

const int64Max = 2n ** 63n - 1n
const int64Min = -(2n ** 63n)

/** Below it no sum or product leaves the safe integers. */
const plainMax = 2 ** 42

/**
 * The time of argument `i` in milliseconds since the epoch. In options (`SET … EX`) only positive numbers are times; the EXPIRE family
 * (`anySign`) takes any that int64 holds, and deletes keys whose time is over.
 * @throws CommandError, naming the command
 */
export function expireTimeArgument(
  call: Call,
  i: number,
  unit: ExpireUnit,
  options: { readonly command: string; readonly anySign?: boolean },
): number {
  const exact = int64Argument(call.args, i)
  if (typeof exact === 'number' && exact > 0 && exact < plainMax) {
    return (unit.seconds ? exact * 1000 : exact) + (unit.relative ? nowMs(call) : 0)
  }
  const given = BigInt(exact)
  const milliseconds = unit.seconds ? given * 1000n : given
  const time = unit.relative ? milliseconds + BigInt(nowMs(call)) : milliseconds
  const valid =
    milliseconds >= int64Min &&
    milliseconds <= int64Max &&
    time <= int64Max &&
    (options.anySign || (given > 0n && time > 0n))
  if (!valid) throw fail(invalidExpireTime(options.command))
  if (time > BigInt(Number.MAX_SAFE_INTEGER)) return Number.MAX_SAFE_INTEGER
  return time < 0n ? 0 : Number(time)
}
