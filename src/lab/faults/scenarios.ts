import type { FaultKind } from './faults.ts'

/** What may happen in a run, and how often compared with the rest. Everything else is drawn from the seed. */
export interface Scenario {
  readonly description: string
  readonly faults: Partial<Readonly<Record<FaultKind, number>>>
}

export const scenarios = {
  calm: { description: 'no faults', faults: {} },
  default: {
    description: 'everything, mixed',
    faults: {
      ...{ kill: 4, killAll: 1, crashLoop: 1, stop: 2, powerLoss: 4, powerLossAll: 2, pause: 4, stutter: 1 },
      ...{ isolate: 3, oneWay: 2, partial: 2, split: 2, flap: 1, reset: 2 },
      ...{ slowDisk: 2, slowNetwork: 2 },
    },
  },
  crashes: { description: 'killed and stopped processes', faults: { kill: 4, killAll: 1, crashLoop: 2, stop: 2 } },
  power: { description: 'machines without power', faults: { powerLoss: 4, powerLossAll: 2 } },
  pauses: { description: 'processes that stand still for a while', faults: { pause: 4, stutter: 1 } },
  slow: {
    description: 'disks and networks that are many times slower',
    faults: { slowDisk: 3, slowNetwork: 3, kill: 1 },
  },
  partitions: {
    description: 'links that are cut, in all ways',
    faults: { isolate: 3, oneWay: 3, partial: 3, split: 3, flap: 2, reset: 1 },
  },
} as const satisfies Record<string, Scenario>

export type ScenarioName = keyof typeof scenarios

export function isScenarioName(name: string): name is ScenarioName {
  return Object.hasOwn(scenarios, name)
}
