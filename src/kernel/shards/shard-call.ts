import type { Arguments } from '#kernel/base/arguments.ts'
import type { FailureReason } from '#kernel/handles/service.ts'
import type { EvaluatorSpec } from './evaluation.ts'

/** A request for an evaluation as its shard's leader sees it, from this node's gateway or another's. */
export interface ShardCall {
  readonly evaluator: EvaluatorSpec
  /** Unchanged until the call is over. */
  readonly args: Arguments
  /** Incarnation of the gateway that retries it; 0: the shard's own background work, which nobody retries. */
  readonly gateway: number
  /** Rises with each call of a gateway to this shard. */
  readonly sequence: number
  /** Lowest sequence that the gateway waits for. */
  readonly low: number
  /** Within its gateway: calls of one session take effect in the order in which they are submitted. */
  readonly session: number
  /** The session has earlier calls in flight here, so this one must see what they did. */
  readonly followsOwn: boolean
  /** It was sent before and may have taken effect. */
  readonly isRetry: boolean
  /** Exactly one of these four, once. `bytes` must not be changed and may be kept. */
  replied(bytes: Uint8Array): void
  failed(reason: FailureReason): void
  /** This replica does not lead, or no longer does, and has not begun the call. The gateway asks the next leader. */
  refused(): void
  /** Leadership ended while the call's effects were in flight: they may still take effect. The gateway asks again, as a retry. */
  moved(): void
}
