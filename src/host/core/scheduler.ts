/** What the in-memory disk and network need of whoever owns their time: the simulation, or the event loop. */
export interface Scheduler {
  /** Microseconds since an arbitrary start; whole numbers in the simulation. */
  nowUs(): number
  /** Runs `action` in `delayUs`, as an act of the machine itself (kernel, wire, device), which a paused process does not hold up. */
  after(delayUs: number, kind: EventKind, machine: number, digest: number, action: () => void): void
  /** Runs a callback of `process` as part of the current event: never if it is dead, later if it is paused. */
  enter(process: Process, callback: () => void): void
  /** Runs `callback` of `process` at the end of the current turn. */
  atTurnEnd(process: Process, callback: () => void): void
}

/** One incarnation of a program on a machine. */
export interface Process {
  /** Index of its machine. */
  readonly machine: number
  readonly alive: boolean
}

/** Kinds of events, for the trace. Numbers are never reused: a trace hash names a run across versions of this code only. */
export const eventKinds = {
  timer: 1,
  resumed: 2,
  harness: 3,
  diskRead: 16,
  diskWrite: 17,
  diskSync: 18,
  diskDirectory: 19,
  connectArrives: 32,
  acceptArrives: 33,
  refusalArrives: 34,
  segmentArrives: 35,
  endArrives: 36,
  resetArrives: 37,
  windowArrives: 38,
  drained: 39,
  closed: 40,
  connectTimeout: 41,
  stallTimeout: 42,
  delivery: 43,
  listening: 44,
} as const

export type EventKind = (typeof eventKinds)[keyof typeof eventKinds]
