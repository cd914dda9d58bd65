import type { Random } from '#kernel/base/host.ts'
import type { KeySkew } from './keys.ts'
import { hottestShareOf } from './keys.ts'
import type { KindName } from './kinds/index.ts'
import { drawKinds } from './workloads.ts'

/** How the clients of one run behave; drawn from its seed. */
export interface WorkloadProfile {
  readonly clientsPerNode: number
  /** Commands that a client sends before it waits for their replies: 1 to this many. */
  readonly pipelineMax: number
  /** Mean of the pause between two pipelines. */
  readonly thinkMs: number
  readonly keyCount: number
  readonly keySkew: KeySkew
  /** What the objects are, in turn. */
  readonly keyKinds: readonly KindName[]
  /** Share of the commands that only read, 0 to 1. */
  readonly readShare: number
  /** Bytes that a value is filled up to, now and then. */
  readonly valueBytesMax: number
  /** A client without a reply for so long closes its connection and makes another. */
  readonly timeoutMs: number
  /** Share of the clients that speak RESP3. */
  readonly resp3Share: number
  /** Writes without a reply that one key may have at a time: what bounds the work of checking it. */
  readonly openWritesPerKeyMax: number
}

/** Operations on the hottest key that may be under way at a time, about. */
const concurrencyPerKeyMax = 24

export function drawProfile(
  random: Random,
  run: {
    readonly nodeCount: number
    readonly clientsMax: number
    /** About `operationsWanted` are asked in so long. */
    readonly durationMs: number
    readonly operationsWanted: number
  },
): WorkloadProfile {
  const pick = <Value>(...values: readonly Value[]): Value => values[random.below(values.length)]!
  const clientsPerNode = Math.max(1, Math.min(pick(1, 2, 3, 4), Math.floor(run.clientsMax / run.nodeCount)))
  const clients = clientsPerNode * run.nodeCount
  const keyCount = pick(2, 8, 24, 64)
  const keySkew = pick<KeySkew>('even', 'skewed', 'hot')
  const hottestShare = hottestShareOf(keyCount, keySkew)
  const pipelineBound = Math.max(1, Math.floor(concurrencyPerKeyMax / (clients * hottestShare)))
  const pipelineMax = Math.min(pick(1, 1, 4, 16), pipelineBound)
  return {
    clientsPerNode,
    pipelineMax,
    thinkMs: (run.durationMs * clients * ((1 + pipelineMax) / 2)) / run.operationsWanted,
    keyCount,
    keySkew,
    keyKinds: drawKinds(random.child('kinds')),
    readShare: pick(0.1, 0.4, 0.7, 0.9),
    valueBytesMax: pick(0, 0, 200, 5_000),
    timeoutMs: pick(300, 1_000, 4_000),
    resp3Share: pick(0, 0.5, 1),
    openWritesPerKeyMax: pick(3, 5, 8),
  }
}
