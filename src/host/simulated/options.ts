/** A time that is drawn anew for each request: all fields in milliseconds but the chance. */
export interface Latency {
  /** At least this long. */
  readonly baseMs: number
  /** Up to so much more, evenly. */
  readonly jitterMs: number
  /** 0 to 1: how many are slow. */
  readonly spikeChance: number
  /** Up to so much more for a slow one. */
  readonly spikeMs: number
}

export interface NetworkOptions {
  /** One way, for one segment. */
  readonly delay: Latency
  /** Delays of a connection are multiplied by a factor of 1 to 1 + this, drawn once per connection. */
  readonly delaySpread: number
  /** Of a machine's interface, in bytes per millisecond (125,000 is one gigabit per second). */
  readonly bytesPerMs: number
  /** Bytes on their way or unread in one direction of a connection. */
  readonly windowBytes: number
  /** Largest segment. */
  readonly segmentBytes: number
  /** 0 to 1: how many segments end at a random byte instead of where the writer ended. */
  readonly splitChance: number
  /** 0 to 1: how many segments are lost and sent again. */
  readonly lossChance: number
  /** First retransmission; later ones wait as long as the path has been dead, up to `retransmitMaxMs`. */
  readonly retransmitMs: number
  readonly retransmitMaxMs: number
  /** 0 to 1: how many connections are dead when their path comes back. */
  readonly resetAfterStallChance: number
  readonly connectTimeoutMs: number
  /** How long unacknowledged bytes are sent again before the connection fails: from so long to twice so long. */
  readonly stallTimeoutMs: number
}

export interface DiskOptions {
  readonly read: Latency
  readonly write: Latency
  readonly sync: Latency
  /** Open, list, rename, remove and the like. */
  readonly directory: Latency
  /** Added to reads and writes. */
  readonly bytesPerMs: number
  /** Requests that the device serves at a time: 1 or more. With more than one they complete in any order. */
  readonly parallel: number
}

export interface ClockOptions {
  /** Wall time at the start, milliseconds since 1970. */
  readonly wallStartMs: number
  /** Each machine's wall clock is off by up to so much, either way. */
  readonly wallOffsetMs: number
  /** Both clocks of a machine run up to so much too fast or too slow, as a fraction. */
  readonly driftMax: number
  /** Timers fire up to so much late. */
  readonly timerLateMs: number
  /** How long a process is busy with one turn of its event loop; what comes due meanwhile is handled together in the next. */
  readonly turn: Latency
}

/** Everything that a seed does not decide. Fields left out have the values of `simulationDefaults`. */
export interface SimulationOptions {
  readonly seed: number | string
  readonly network?: Partial<NetworkOptions>
  readonly disk?: Partial<DiskOptions>
  readonly clock?: Partial<ClockOptions>
  /** 0 (default) to 1: how many of the fault points in the code are enabled. */
  readonly faultPointChance?: number
}

/** Machines in one room: a tenth of a millisecond apart, with disks that sync in as long. */
export const simulationDefaults = {
  network: {
    delay: { baseMs: 0.05, jitterMs: 0.1, spikeChance: 0.002, spikeMs: 5 },
    delaySpread: 0.5,
    bytesPerMs: 1_250_000,
    windowBytes: 262_144,
    segmentBytes: 65_536,
    splitChance: 0.1,
    lossChance: 0.0001,
    retransmitMs: 200,
    retransmitMaxMs: 4_000,
    resetAfterStallChance: 0.3,
    connectTimeoutMs: 10_000,
    stallTimeoutMs: 15_000,
  },
  disk: {
    read: { baseMs: 0.02, jitterMs: 0.06, spikeChance: 0.005, spikeMs: 2 },
    write: { baseMs: 0.01, jitterMs: 0.03, spikeChance: 0.001, spikeMs: 2 },
    sync: { baseMs: 0.05, jitterMs: 0.1, spikeChance: 0.01, spikeMs: 5 },
    directory: { baseMs: 0.02, jitterMs: 0.05, spikeChance: 0.005, spikeMs: 2 },
    bytesPerMs: 1_500_000,
    parallel: 4,
  },
  clock: {
    wallStartMs: 1_700_000_000_000,
    wallOffsetMs: 50,
    driftMax: 0,
    timerLateMs: 0.5,
    turn: { baseMs: 0.002, jitterMs: 0.02, spikeChance: 0.0002, spikeMs: 20 },
  },
} as const satisfies {
  readonly network: NetworkOptions
  readonly disk: DiskOptions
  readonly clock: ClockOptions
}
