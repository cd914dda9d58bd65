/** All that is used of the lab: its clients, its recorder, its judges. */

import { NodeClock } from '#host/node/node-clock.ts'
import { NodeNetwork } from '#host/node/node-network.ts'
import { turn } from '#host/node/turn.ts'
import type { Address, Random } from '#kernel/base/host.ts'
import { historyLines } from '#lab/history-lines.ts'
import { judge } from '#lab/judge.ts'
import { changesState, type Request } from '#lab/redis/requests.ts'
import { Client } from '#lab/workload/client.ts'
import { Keys } from '#lab/workload/keys.ts'
import { type KindName, objectKinds } from '#lab/workload/kinds/index.ts'
import { Prober } from '#lab/workload/prober.ts'
import type { WorkloadProfile } from '#lab/workload/profile.ts'
import { Recorder } from '#lab/workload/recorder.ts'
import { drawKinds } from '#lab/workload/workloads.ts'
import type { AcknowledgedAt } from './gaps.ts'

export interface LoadOptions {
  readonly names: readonly string[]
  /** Where clients find each node, in the order of `names`. */
  readonly addresses: readonly Address[]
  readonly random: Random
  /** About so many operations a second while nothing is wrong. */
  readonly operationsPerSecond: number
  /** What the objects are, in turn. Default: drawn. */
  readonly keyKinds?: readonly KindName[]
}

/** All nodes are on one machine and have its clock. */
const clockErrorMs = 1

/** What a reader does is drawn from the seed; how much of it happens before a fault, the machine decides. */
function drawProfile({ names, random, operationsPerSecond, keyKinds }: LoadOptions): WorkloadProfile {
  const pick = <Value>(...values: readonly Value[]): Value => values[random.below(values.length)]!
  const clientsPerNode = pick(2, 3)
  const pipelineMax = pick(1, 4, 8)
  return {
    clientsPerNode,
    pipelineMax,
    thinkMs: (1000 * clientsPerNode * names.length * ((1 + pipelineMax) / 2)) / operationsPerSecond,
    keyCount: pick(12, 24, 48),
    keySkew: pick('even', 'skewed'),
    keyKinds: keyKinds ?? drawKinds(random.child('kinds')),
    readShare: pick(0.3, 0.5, 0.7),
    valueBytesMax: pick(200, 5_000),
    timeoutMs: pick(500, 1_500, 4_000),
    resp3Share: 0.5,
    openWritesPerKeyMax: 5,
  }
}

const probeKeys = 4

/** Clients at every node, what they asked and were told, and the verdict over it. */
export class Load implements Disposable {
  readonly #options: LoadOptions
  readonly #profile: WorkloadProfile
  readonly #clock = new NodeClock(turn)
  readonly #network = new NodeNetwork(turn)
  readonly #recorder: Recorder
  readonly #clients: readonly Client[]

  constructor(options: LoadOptions) {
    const { names, addresses, random } = options
    this.#options = options
    const profile = drawProfile(options)
    this.#profile = profile
    const startMs = performance.now()
    this.#recorder = new Recorder({
      keys: new Keys(profile),
      notes: undefined,
      nowMs: () => performance.now() - startMs,
      oneShard: true,
    })
    const [clock, network, recorder] = [this.#clock, this.#network, this.#recorder]
    this.#clients = names.flatMap((_, home) =>
      Array.from({ length: profile.clientsPerNode }, (_, i) => {
        const number = home * profile.clientsPerNode + i
        const own = random.child(`client ${number}`)
        return new Client({ number, clock, network, random: own, addresses, home, profile, recorder })
      }),
    )
  }

  get description(): string {
    const { clientsPerNode, pipelineMax, keyCount, keyKinds, readShare, timeoutMs } = this.#profile
    const kinds = [...new Set(keyKinds)].join(', ')
    return `${clientsPerNode} clients a node, pipelines of up to ${pipelineMax}, ${keyCount} objects at a time (${kinds}), ${readShare * 100} % reads, no reply after ${timeoutMs} ms is none`
  }

  get answered(): number {
    return this.#recorder.answered
  }

  get refused(): number {
    return this.#recorder.refused
  }

  get lost(): number {
    return this.#recorder.lost
  }

  get keyCount(): number {
    return this.#recorder.keys.all.length
  }

  start(): void {
    for (const client of this.#clients) client.start()
  }

  /** Clients ask nothing new. */
  finish(): void {
    for (const client of this.#clients) client.finish()
  }

  get isFinished(): boolean {
    return this.#clients.every((client) => client.isFinished)
  }

  /**
   * Writes fresh keys and reads every key ever used, and those, through every node.
   * @returns by node how much is still to be done
   */
  probe(when: string): () => Readonly<Record<string, number>> {
    const { names, addresses } = this.#options
    const [clock, network, recorder] = [this.#clock, this.#network, this.#recorder]
    const probers = names.map((name, i) => {
      const fresh = Array.from({ length: probeKeys }, (_, k) => `${when}.${name}.${k}`)
      const tasks: Request[] = [
        ...fresh.map((key) => ({ command: 'set', key, argument: name })),
        ...[...recorder.keys.all, ...fresh].map((key) => ({ key, ...objectKinds[recorder.keys.kindOf(key)].probe })),
      ]
      return new Prober({ clock, network, address: addresses[i]!, recorder, tasks, timeoutMs: this.#profile.timeoutMs })
    })
    return () => Object.fromEntries(names.map((name, i) => [name, probers[i]!.left]))
  }

  /** What was wrong, for people; empty where all was right. */
  judge(): string[] {
    const { history, anomalies, keys } = this.#recorder
    return [...new Set(anomalies), ...judge(history, { kindOf: (object) => keys.kindOf(object), clockErrorMs })]
  }

  /** Times of acknowledged writes, in order, in milliseconds of `performance.now()`'s kind. */
  acknowledgedWrites(): AcknowledgedAt[] {
    const { history } = this.#recorder
    const times: number[] = []
    for (const operation of history.operations()) {
      const { reply, returnMs } = operation
      if (reply !== undefined && changesState(operation, reply)) times.push(returnMs)
    }
    return times.sort((a, b) => a - b)
  }

  historyLines(): Iterable<string> {
    const { history, keys } = this.#recorder
    return historyLines(history, (object) => keys.kindOf(object))
  }

  [Symbol.dispose](): void {
    void this.#network.close()
  }
}
