import type { Random } from '#kernel/base/host.ts'
import type { DrawOptions, ObjectKind } from './object-kind.ts'
import { keyKind, pick } from './object-kind.ts'

/** Mostly shorter than a fault; some end only after the run. */
const longestMs = [2, 20, 100, 100, 500, 500, 2_000, 100_000]

function argumentFor(random: Random, command: string, { unique }: DrawOptions): string {
  const ms = 1 + random.below(pick(random, longestMs))
  switch (command) {
    case 'setPx':
    case 'setNxPx':
    case 'psetex':
      return `${ms} ${unique}`
    case 'pexpire':
    case 'pexpireNx':
    case 'pexpireXx':
      return String(random.below(20) === 0 ? -1 : ms)
    case 'getExPx':
      return String(ms)
    case 'set':
    case 'setKeepTtl':
    case 'setGet':
    case 'setXx':
    case 'rpush':
      return unique
    case 'append':
      return `${unique};`
    case 'hset':
      return `${pick(random, ['a', 'b'])} ${unique}`
    case 'lrange':
      return '0 -1'
    default:
      return ''
  }
}

const times = { pexpire: 4, pexpireNx: 2, pexpireXx: 2, persist: 2 }

/** Keys that end by themselves, mostly while they are still asked for. */
export const expiringKinds = {
  expiringString: keyKind<string>({
    judge: 'expiry',
    reads: { get: 5, pttl: 4, exists: 2, strlen: 1 },
    writes: {
      ...{ setPx: 7, setNxPx: 4, psetex: 2, set: 2, setKeepTtl: 2, setGet: 1, setXx: 1, append: 3, del: 1 },
      ...{ ...times, getExPx: 2, getExPersist: 1 },
    },
    argument: argumentFor,
    probe: { command: 'get', argument: '' },
  }),
  expiringList: keyKind<string>({
    judge: 'expiry',
    reads: { lrange: 4, pttl: 2, llen: 2, type: 1 },
    writes: { ...times, rpush: 10, lpop: 2, del: 1 },
    argument: argumentFor,
    probe: { command: 'lrange', argument: '0 -1' },
  }),
  expiringHash: keyKind<string>({
    judge: 'expiry',
    reads: { hgetall: 4, pttl: 2, hlen: 2, exists: 1 },
    writes: { ...times, hset: 10, del: 1 },
    argument: argumentFor,
    probe: { command: 'hgetall', argument: '' },
  }),
} as const satisfies Record<string, ObjectKind>
