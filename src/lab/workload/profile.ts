import type { Random } from '#kernel/base/host.ts'
import type { KeyKind } from './operations.ts'

/** How the clients of one run behave; drawn from its seed. */
export interface WorkloadProfile {
  readonly clientsPerNode: number
  /** Commands that a client sends before it waits for their replies: 1 to this many. */
  readonly pipelineMax: number
  /** Mean of the pause between two pipelines; 0: none. */
  readonly thinkMs: number
  readonly keyCount: number
  /** Keys are chosen as `floor(keyCount * u ** keySkew)`: 1 is even, 3 makes the first key hot. */
  readonly keySkew: number
  readonly keyKinds: readonly KeyKind[]
  /** Share of the commands that only read, 0 to 1. */
  readonly readShare: number
  /** Bytes that a value is filled up to, now and then. */
  readonly valueBytesMax: number
  /** A client without a reply for so long closes its connection and makes another. */
  readonly timeoutMs: number
  /** Share of the clients that speak RESP3. */
  readonly resp3Share: number
  /** After so many operations without a reply a key is left and another takes its place. */
  readonly lostPerKeyMax: number
}

const kinds: readonly KeyKind[] = ['register', 'counter', 'text', 'mixed']

/** @param clientsMax over all nodes. */
export function drawProfile(random: Random, nodeCount: number, clientsMax: number): WorkloadProfile {
  const pick = <Value>(...values: readonly Value[]): Value => values[random.below(values.length)]!
  const firstKind = random.below(kinds.length)
  return {
    clientsPerNode: Math.max(1, Math.min(pick(1, 2, 3, 4, 6), Math.floor(clientsMax / nodeCount))),
    pipelineMax: pick(1, 1, 4, 16),
    thinkMs: pick(0, 2, 10, 30),
    keyCount: pick(2, 8, 24, 64),
    keySkew: pick(1, 1.5, 3),
    keyKinds: random.below(3) === 0 ? [kinds[firstKind]!] : kinds,
    readShare: pick(0.1, 0.4, 0.7, 0.9),
    valueBytesMax: pick(0, 0, 200, 5_000),
    timeoutMs: pick(300, 1_000, 4_000),
    resp3Share: pick(0, 0.5, 1),
    lostPerKeyMax: pick(4, 8),
  }
}
