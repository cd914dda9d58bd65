import type { Arguments } from '#kernel/base/arguments.ts'
import type { Clock, Timer } from '#kernel/base/host.ts'
import type { BackgroundSpec, Log } from '#kernel/handles/service.ts'
import type { EvaluatorSpec } from '#kernel/shards/evaluation.ts'
import type { Shard } from '#kernel/shards/shard.ts'
import type { ShardCall } from '#kernel/shards/shard-call.ts'

/** Runs a service's background evaluator where a shard is led: one call at a time, `everyMs` after the one before. */
export class BackgroundWork {
  readonly #clock: Clock
  readonly #spec: BackgroundSpec
  readonly #evaluator: EvaluatorSpec
  readonly #shard: Shard
  readonly #log: Log
  #round = 0
  #timer: Timer | undefined

  constructor(options: { clock: Clock; spec: BackgroundSpec; evaluator: EvaluatorSpec; shard: Shard; log: Log }) {
    this.#clock = options.clock
    this.#spec = options.spec
    this.#evaluator = options.evaluator
    this.#shard = options.shard
    this.#log = options.log
  }

  start(): void {
    this.#timer = this.#clock.timer(this.#spec.everyMs, () => this.#run())
  }

  stop(): void {
    this.#timer?.cancel()
  }

  #run(): void {
    const { leader, state } = this.#shard
    if (!leader.isServing) {
      this.#round = 0
      this.start()
      return
    }
    const args = this.#spec.args(this.#round++, (name) => state.counters.get(name) ?? 0)
    if (args) leader.submit(this.#call(args))
    else this.start()
  }

  #call(args: Arguments): ShardCall {
    const next = () => this.start()
    return {
      evaluator: this.#evaluator,
      args,
      gateway: 0,
      sequence: 0,
      low: 0,
      session: 0,
      followsOwn: false,
      isRetry: false,
      replied: next,
      refused: next,
      moved: next,
      failed: (reason) => {
        this.#log.warn({ evaluator: this.#evaluator.name, reason }, 'Background work failed')
        next()
      },
    }
  }
}
