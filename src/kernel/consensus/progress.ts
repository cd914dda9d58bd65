/**
 * What a leader knows of one follower (etcd raft's tracker). `probe`: where the logs agree is not known, one append at a time.
 * `replicate`: appends are pipelined, `nextIndex` runs ahead of what is acknowledged. `snapshot`: the follower needs what is
 * no longer in the log, nothing is sent until the snapshot's fate is known.
 */
export interface Progress {
  state: 'probe' | 'replicate' | 'snapshot'
  /** Durable at the follower and equal to the leader's log. Never falls within a term. */
  matchIndex: number
  nextIndex: number
  /** Appends without an answer: in `probe` at most one, in `replicate` up to `appendsInFlightMax`. */
  inFlight: number
  /** When the oldest of them may be taken for lost; in `probe` also: nothing is asked before it. */
  resendAtMs: number
  /** The leader's clock at the sending of the newest round that this follower acknowledged: the lease counts from it. */
  roundMs: number
}

export function newProgress(nextIndex: number): Progress {
  return {
    state: 'probe',
    matchIndex: 0,
    nextIndex,
    inFlight: 0,
    resendAtMs: 0,
    roundMs: Number.NEGATIVE_INFINITY,
  }
}

/** Starts over from what is known to match. */
export function becomeProbe(progress: Progress, nextIndex: number): void {
  progress.state = 'probe'
  progress.nextIndex = Math.max(progress.matchIndex + 1, nextIndex)
  progress.inFlight = 0
}

/** What is under way is lost: sends it again. In `probe` where the logs agree is still open, so the place to ask about stays. */
export function resend(progress: Progress): void {
  if (progress.state === 'replicate') becomeProbe(progress, progress.matchIndex + 1)
  progress.inFlight = 0
  progress.resendAtMs = Number.NEGATIVE_INFINITY
}
