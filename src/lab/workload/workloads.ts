import type { Random } from '#kernel/base/host.ts'
import type { KindName } from './kinds/index.ts'

/** Which kinds of objects a run has, in turn. */
export interface Workload {
  readonly description: string
  readonly kinds: readonly KindName[]
  /** How often it is drawn, compared with the others. */
  readonly weight: number
}

export const workloads = {
  strings: {
    description: 'commands on keys that hold strings',
    kinds: ['register', 'counter', 'text', 'mixed'],
    weight: 4,
  },
  collections: {
    description: 'hashes, lists, sets, sorted sets, and keys of changing types',
    kinds: ['hash', 'list', 'set', 'sortedSet', 'anyType'],
    weight: 2,
  },
  expiry: {
    description: 'keys that end by themselves, judged by the time',
    kinds: ['expiringString', 'expiringList', 'expiringString', 'expiringHash'],
    weight: 2,
  },
  groups: {
    description: 'several keys of one tag: MULTI, EXEC, WATCH, MSET, RENAME',
    kinds: ['group'],
    weight: 2,
  },
  appends: { description: 'transactions that append to lists, judged by cycles', kinds: ['appends'], weight: 2 },
  bank: { description: 'transfers between accounts, whose sum never changes', kinds: ['bank'], weight: 1 },
  everything: {
    description: 'all of these side by side',
    kinds: [
      ...(['register', 'hash', 'expiringString', 'group', 'appends', 'text', 'list', 'bank'] as const),
      ...(['counter', 'anyType', 'expiringList', 'mixed', 'sortedSet', 'set', 'expiringHash'] as const),
    ],
    weight: 4,
  },
  topics: {
    description: "producers, consumers and groups that speak Kafka's protocol, and hardly anything else",
    kinds: ['register', 'counter'],
    // Drawn apart from these, beside any of them.
    weight: 0,
  },
} as const satisfies Record<string, Workload>

export type WorkloadName = keyof typeof workloads

export function isWorkloadName(name: string): name is WorkloadName {
  return Object.hasOwn(workloads, name)
}

/** All kinds of a drawn workload, beginning with any, or now and then one of them only. */
export function drawKinds(random: Random): readonly KindName[] {
  const names = (Object.keys(workloads) as WorkloadName[]).flatMap((name) =>
    Array.from({ length: workloads[name].weight }, () => name),
  )
  const { kinds } = workloads[names[random.below(names.length)]!]
  const first = random.below(kinds.length)
  return random.below(3) === 0 ? [kinds[first]!] : [...kinds.slice(first), ...kinds.slice(0, first)]
}
