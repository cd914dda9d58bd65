import type { Arguments } from '#kernel/base/arguments.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import type { Random } from '#kernel/base/host.ts'
import type { FailureReason, Gateway, PendingReply, Session, Submission } from '#kernel/handles/service.ts'
import type { EvaluatorSpec } from '#kernel/shards/evaluation.ts'
import { WriteNeeded } from '#kernel/shards/evaluation.ts'
import { slotCount } from '../slots.ts'
import { EvaluationTwin } from './evaluation-twin.ts'

/**
 * Shards in this process, for tests of connections. Evaluations run when they are submitted; what the caller learns when is
 * `answers`:
 *
 * - `at once`: reads at once, writes at the end of the turn
 * - `late`: everything later, when `deliver` is called: in order for a session and a shard, else in any
 */
export class GatewayTwin implements Gateway {
  readonly shards: readonly ShardTwinRange[]
  answers: 'at once' | 'late' = 'at once'
  /** What the next requests fail with, without being done. */
  failure: FailureReason | undefined = undefined
  submitted = 0
  readonly #evaluators: ReadonlyMap<string, EvaluatorSpec>
  readonly #defer: (callback: () => void) => void
  /** By session and shard; none is empty. */
  readonly #outcomes: (() => void)[][] = []

  constructor(options: {
    readonly evaluators: readonly EvaluatorSpec[]
    readonly shardCount: number
    readonly defer: (callback: () => void) => void
  }) {
    this.#evaluators = byName(options.evaluators)
    this.#defer = options.defer
    const { shardCount } = options
    this.shards = Array.from({ length: shardCount }, (_, i) => ({
      firstSlot: Math.floor((i * slotCount) / shardCount),
      lastSlot: Math.floor(((i + 1) * slotCount) / shardCount) - 1,
      evaluation: new EvaluationTwin(),
    }))
  }

  openSession(): Session {
    const lanes = new Map<ShardTwinRange, (() => void)[]>(this.shards.map((shard) => [shard, []]))
    return {
      submit: (request, reply, pending) => this.#submit(lanes, request, reply, pending),
      close: () => {},
    }
  }

  newest(evaluator: string): string | undefined {
    return this.#evaluators.get(evaluator)?.name
  }

  get waiting(): number {
    return this.#outcomes.reduce((count, lane) => count + lane.length, 0)
  }

  /** Tells one outcome that may come next, chosen at random. @returns false where none is waiting */
  deliver(random: Random): boolean {
    const { length } = this.#outcomes
    if (length === 0) return false
    const at = random.below(length)
    const lane = this.#outcomes[at]!
    const tell = lane.shift()!
    if (lane.length === 0) this.#outcomes.splice(at, 1)
    tell()
    return true
  }

  #submit(lanes: Lanes, request: Submission, reply: ByteWriter, pending: PendingReply): boolean {
    this.submitted++
    const shard = this.#shardOf(request)
    const failure = this.failure ?? (shard ? undefined : 'CROSS_SHARD')
    const home = shard ?? this.shards[0]!
    const spec = this.#evaluators.get(request.evaluator)
    if (!spec) throw new Error(`no evaluator ${request.evaluator}`)
    const lane = lanes.get(home)!
    const atOnce = this.answers === 'at once' && !failure && spec.kind === 'read' && lane.length === 0
    const own = new ByteWriter()
    const wrote = !failure && this.evaluate(home.evaluation, spec, request.args, own)
    if (atOnce && !wrote) {
      reply.raw(own.view())
      return true
    }
    const bytes = own.copy()
    const tell = () => {
      if (failure) pending.failed(failure)
      else pending.replied(bytes)
    }
    lane.push(tell)
    if (this.answers === 'at once') this.#defer(() => lane.shift()!())
    else if (lane.length === 1) this.#outcomes.push(lane)
    return false
  }

  /** @returns whether it ran as a write */
  evaluate(evaluation: EvaluationTwin, spec: EvaluatorSpec, args: Arguments, reply: ByteWriter): boolean {
    evaluation.begin(spec.kind)
    try {
      spec.run(evaluation, args, reply)
      return spec.kind === 'write'
    } catch (thrown) {
      if (!(thrown instanceof WriteNeeded)) throw thrown
    }
    evaluation.begin('write')
    reply.clear()
    spec.run(evaluation, args, reply)
    return true
  }

  #shardOf({ slot, slots = [] }: Submission): ShardTwinRange | undefined {
    if (slot === undefined) return this.shards.length === 1 ? this.shards[0] : undefined
    const shard = this.shards.find(({ lastSlot }) => slot <= lastSlot)
    return slots.every((each) => each >= shard!.firstSlot && each <= shard!.lastSlot) ? shard : undefined
  }
}

const withoutVersion = (name: string) => name.slice(0, name.lastIndexOf('@'))

/** Of each list once: tests make a twin for each of many thousand cases. */
const maps = new WeakMap<readonly EvaluatorSpec[], ReadonlyMap<string, EvaluatorSpec>>()
function byName(evaluators: readonly EvaluatorSpec[]): ReadonlyMap<string, EvaluatorSpec> {
  let map = maps.get(evaluators)
  if (!map) maps.set(evaluators, (map = new Map(evaluators.map((spec) => [withoutVersion(spec.name), spec]))))
  return map
}

export interface ShardTwinRange {
  readonly firstSlot: number
  readonly lastSlot: number
  readonly evaluation: EvaluationTwin
}

/** Of a session: what waits, by shard, in order. */
type Lanes = ReadonlyMap<ShardTwinRange, (() => void)[]>
