/**
 * What the checkers know of a service: a sequential specification, as a value. One model speaks of one *partition* of the
 * history (for Redis: one key); linearizability is compositional, so partitions are checked on their own.
 */
export interface Model<State, Op extends Interval> {
  readonly name: string
  readonly initial: State
  /**
   * The state after `operation` took effect in `state`, or `impossible` where it could not have answered what it did. An
   * operation whose reply is not known is possible everywhere.
   */
  step(state: State, operation: Op): State | Impossible
  /** The same primitive for equal states, different ones for different states. */
  identify(state: State): string | number | undefined
  /**
   * Whether the state is one that an operation which changes nothing (`changes`) leaves as it is. Default: all are. Not so where
   * a state leaves open what is true, and a reply tells.
   */
  isSettled?(state: State): boolean
  /** Whether the operation, with the reply it got (if any), can have changed a state. */
  changes(operation: Op): boolean
  /** The same text for operations without a reply that do the same to every state. */
  effect(operation: Op): string
  /** The operation as if no reply had come yet. */
  withoutReply(operation: Op): Op
  describeState(state: State): string
  describe(operation: Op): string
}

export const impossible = Symbol('impossible')
export type Impossible = typeof impossible

/** When an operation was under way, in positions of one total order of events. */
export interface Interval {
  /** Who asked: what one connection asks of one partition takes effect in the order asked. */
  readonly connection: number
  readonly call: number
  /** Above `call`; `Infinity` where no reply came: it may take effect at any time after `call`, or never. */
  readonly return: number
}
