import type { Rarely } from './rarely.ts'

/**
 * The contracts through which kernel and services see the world (docs/architecture.md, "The host").
 *
 * One process, one `Host`. Everything that is time, chance, network or disk comes through it, so that the same code runs
 * on the operating system, in memory and in the deterministic simulator. Implementations live in `src/host`, and each
 * passes the compliance suites there.
 *
 * Rules for all of it:
 * - callbacks and promise continuations never run inside the call that they answer, always later;
 * - a path is relative to the disk's root, with `/` between names;
 * - every failure is a `UnumError` with a code of `base/errors.ts`.
 */
export interface Host {
  readonly clock: Clock
  readonly network: Network
  readonly disk: Disk
  readonly random: Random
  /** Where the code has its own rare cases happen: never, but in simulations. */
  readonly rarely: Rarely
  /** Undefined where nobody measures it, as in virtual time. For people who watch a node: nothing may be decided by it. */
  usage(): ProcessUsage | undefined
}

/** What the process that a host is in takes of its machine; hosts that share a process say the same. */
export interface ProcessUsage {
  /** Of the program's objects and buffers, with those that are not collected yet. */
  readonly usedBytes: number
  /** Of the machine's memory: now, and the most that it has been. */
  readonly residentBytes: number
  readonly residentBytesPeak: number
  /** All memory of the machine. */
  readonly machineBytes: number
  /** Who gives out memory to objects, with its version. */
  readonly allocator: string
  /** Processor time of all threads since the process began: its own, and the system's on its behalf. */
  readonly userUs: number
  readonly systemUs: number
}

export interface Clock {
  /** Milliseconds, fractional, since an arbitrary start. Never goes back. */
  monotonicMs(): number
  /** Milliseconds, fractional, since the Unix epoch. May jump, either way. */
  wallMs(): number
  /** Runs `callback` once, no sooner than `delayMs` (0 or more) from now. */
  timer(delayMs: number, callback: () => void): Timer
  /**
   * Runs `callback` once at the end of the current turn: after the events that were ready together with this one (all
   * sockets that could be read), before the next wait. What is queued in a turn is written and synced at its end.
   */
  defer(callback: () => void): void
  /** Resolves no sooner than `delayMs` from now. */
  sleep(delayMs: number): Promise<void>
}

export interface Timer {
  /** Idempotent; the callback does not run after it. */
  cancel(): void
}

/** A pseudo-random generator. Determined by its seed in the simulator, seeded by the system elsewhere. Not for secrets. */
export interface Random {
  /** An integer in [0, 2^32). */
  uint32(): number
  /** A number in [0, 1). */
  float(): number
  /** An integer in [0, bound); `bound` from 1 to 2^32. */
  below(bound: number): number
  bytes(length: number): Uint8Array
  /** A generator of its own, derived from this one's seed and `name` only: draws in one never shift the other. */
  child(name: string): Random
}

export interface Address {
  readonly host: string
  /** 1 to 65,535; for `listen` also 0: any free port. */
  readonly port: number
}

export interface Network {
  /**
   * @throws UnumError `ADDRESS_IN_USE`, `ADDRESS_UNAVAILABLE`
   * @param accept is called for each connection and must set `connection.handler` before it returns.
   */
  listen(address: Address, accept: (connection: Connection) => void): Promise<Listener>
  /** Returns at once; `handler.opened` or `handler.closed` tells the outcome. */
  connect(address: Address, handler: ConnectionHandler): Connection
}

export interface Listener {
  /** With the port that was chosen. */
  readonly address: Address
  /** Stops accepting; connections that are open stay open. */
  close(): Promise<void>
}

export interface ConnectionHandler {
  /** Only for connections that `connect` made. */
  opened?(): void
  /** `chunk` belongs to the host and is valid only during the call: copy what is kept. */
  data(chunk: Uint8Array): void
  /** `queuedBytes` has fallen to 0 after having been above `highWaterBytes`. */
  drained?(): void
  /** The other side has ended its sending; without this method the connection is ended too. */
  ended?(): void
  /** Exactly once, last. Without `error` when the close was asked for or the other side ended properly. */
  closed(error?: Error): void
}

export interface Connection {
  handler: ConnectionHandler
  /** The other side, for messages: `127.0.0.1:51234`. */
  readonly peer: string
  /** Bytes given to `write` that the system has not taken yet. Bounding it is the caller's duty. */
  readonly queuedBytes: number
  /** The bytes belong to the connection from here on and must not be changed. A call after the close does nothing. */
  write(bytes: Uint8Array): void
  /** Stops and starts `handler.data`: back-pressure on the other side. A chunk already under way may still arrive. */
  pause(): void
  resume(): void
  /** Closes in order, after everything queued is sent. */
  end(): void
  /** Closes now; what is queued is lost. `closed` still comes, later. */
  destroy(): void
}

/** Above it a writer should stop until `drained`. */
export const highWaterBytes = 1 << 20

export interface Disk {
  /**
   * Opens a file for reading and writing.
   * @throws UnumError `FILE_MISSING` (without `create`), `DISK_FULL`, `DISK_FAILED`
   */
  open(path: string, options: { readonly create: boolean }): Promise<DiskFile>
  /** Names in a directory, sorted by code unit; empty where it does not exist. */
  list(path: string): Promise<string[]>
  /** Durable once the directory is synced; a missing file is no error. */
  remove(path: string): Promise<void>
  /** Replaces `to`, atomically; durable once the directory is synced. */
  rename(from: string, to: string): Promise<void>
  /** With its parents; one that exists is no error. Durable on return. */
  makeDirectory(path: string): Promise<void>
  /** A directory with all that is in it; a missing one is no error. */
  removeDirectory(path: string): Promise<void>
  /** Makes creations, renames and removals in it durable. */
  syncDirectory(path: string): Promise<void>
}

export interface DiskFile {
  /** Length in bytes, with all writes that were begun. */
  readonly size: number
  /** Fewer bytes than asked only at the end of the file. The result belongs to the caller. */
  read(position: number, length: number): Promise<Uint8Array>
  /** Not durable before `sync`. A gap reads as zeros. Bytes must not be changed until it is done. */
  write(position: number, bytes: Uint8Array): Promise<void>
  /** Makes all writes that have completed durable (fdatasync). After a failure nothing unsynced may be trusted. */
  sync(): Promise<void>
  /**
   * Writes `chunks` one after the other from `position` on and syncs, as one request: the log's hot path. One at a time
   * per file.
   */
  writeDurably(position: number, chunks: readonly Uint8Array[], done: (error?: Error) => void): void
  /** Cuts or extends (with zeros). */
  truncate(length: number): Promise<void>
  close(): Promise<void>
}
