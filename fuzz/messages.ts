import type { SessionReport } from '#kernel/base/testing/fuzz/index.ts'
import type { TargetPlace } from './targets.ts'

/** What a worker is started with. */
export interface Assignment {
  readonly place: TargetPlace
  readonly seed: number
  readonly inputsMax: number
  readonly msMax: number
  /**
   * Shared memory in which the worker says what it is at: number of the input, length of its chain, the chain. Should a run
   * never end, or the thread die, it can be read from outside.
   */
  readonly progress: SharedArrayBuffer
}

/** What a worker tells, in this order. A finding comes first as it was found: making it smaller may fail. */
export type WorkerMessage =
  | { readonly kind: 'report'; readonly report: SessionReport }
  | { readonly kind: 'minimised'; readonly input: Uint8Array }

export const progressSlots = 16
