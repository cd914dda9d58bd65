/** How the in-memory network behaves: the simulation draws from its seed, the in-process network answers with constants. */
export interface Wire {
  /** Bytes that one direction of a connection holds between the writer and a reader that does not read: 1 or more. */
  readonly windowBytes: number
  /** A factor for all delays of one connection: 1 or more. */
  connectionSpread(): number
  /** One way, for one segment. */
  delayUs(spread: number): number
  /** How long a machine's network interface is busy with so many bytes. */
  transferUs(bytes: number): number
  /** Size of the next segment where `available` bytes (1 or more) could go: 1 to `available`. */
  segmentBytes(available: number): number
  /** How long a connection attempt that nobody answers goes on. */
  connectTimeoutUs(): number
  /** How long bytes that are not acknowledged are sent again before the connection fails. */
  stallTimeoutUs(): number
  /** When the next retransmission comes, after the path has been dead for `stalledUs`. */
  retransmitUs(stalledUs: number): number
  /** Whether a connection whose path comes back is found dead by one side. */
  resetsAfterStall(): boolean
}
