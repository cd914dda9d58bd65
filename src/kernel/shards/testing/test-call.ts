import { Arguments } from '#kernel/base/arguments.ts'
import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import type { FailureReason } from '#kernel/handles/service.ts'
import type { EvaluatorSpec } from '../evaluation.ts'
import type { ShardCall } from '../shard-call.ts'

/** A call that notes what it is told. */
export class TestCall implements ShardCall {
  readonly evaluator: EvaluatorSpec
  readonly args: Arguments
  readonly gateway: number
  readonly sequence: number
  readonly low: number
  readonly followsOwn: boolean
  readonly isRetry: boolean
  readonly #session: number
  /** What it was told: in the end one thing. */
  readonly told: string[] = []

  constructor(evaluator: EvaluatorSpec, words: readonly string[], how: Partial<ShardCall>) {
    this.evaluator = evaluator
    this.args = Arguments.of(...words.map(latin1Bytes))
    this.gateway = how.gateway ?? 9
    this.sequence = how.sequence ?? 0
    this.low = how.low ?? 1
    this.#session = how.session ?? 1
    this.followsOwn = how.followsOwn ?? false
    this.isRetry = how.isRetry ?? false
  }

  get session(): number {
    return this.#session
  }

  replied(bytes: Uint8Array): void {
    this.told.push(latin1Text(bytes))
  }

  failed(reason: FailureReason): void {
    this.told.push(reason)
  }

  refused(): void {
    this.told.push('refused')
  }

  moved(): void {
    this.told.push('moved')
  }
}
