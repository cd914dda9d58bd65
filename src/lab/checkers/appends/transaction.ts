import type { Interval } from '../model.ts'

/** What a transaction does to one of several lists that only grow. No two appends of a history are of the same element. */
export type Action =
  /** `length`: of the list afterwards, if that was replied. */
  | { readonly kind: 'append'; readonly key: string; readonly element: string; readonly length: number | undefined }
  /** `elements`: the whole list, if a reply came. */
  | { readonly kind: 'read'; readonly key: string; readonly elements: readonly string[] | undefined }

export interface Transaction extends Interval {
  /** `unknown`: no reply came, it may have been done or not. `refused`: the reply says that it was not. */
  readonly outcome: 'done' | 'unknown' | 'refused'
  readonly actions: readonly Action[]
  /** For people: who asked what, when, and was told what. */
  readonly describe: () => string
}

/** What cannot be, by its name in the literature where it has one. */
export interface Anomaly {
  readonly name: string
  /** For people. */
  readonly explanation: readonly string[]
}
