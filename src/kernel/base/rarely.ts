/**
 * Fault points, in the manner of FoundationDB's: where the code itself knows what is rare and has to be borne, it asks whether to have it
 * happen now. Never, but in simulations: there each point is enabled in some runs, and is then hit now and then.
 * @param point where and what, `area.what`; listed in docs/determinism.md
 */
export type Rarely = (point: FaultPoint) => boolean

/** All points, each with what happens there. */
export const faultPoints = {
  'log.newSegment': 'a segment ends although it has room',
  'log.noRoom': 'a segment finds no room on the disk',
  'shard.flush': 'rows are flushed although there are few',
  'shard.forgetLog':
    'the log forgets at once what was flushed, so that followers that are a little behind need a snapshot',
  'leader.noLease': 'a read finds no lease',
  'leader.holdEntry': 'an entry is sent a little later',
  'gateway.askAgain': 'all calls under way are asked again, as retries',
  'drift.offer': 'a leader offers its shard to another node for no reason',
  'snapshot.breakOff': 'the sending of a snapshot breaks off',
  'tables.noRoom': 'a flush or compaction finds no room on the disk',
  'gateway.noRoom': 'too much waits for a connection already for another call',
  'gateway.noRoomForAnswer': 'too much waits for a connection already for another answer',
} as const satisfies Record<string, string>

export type FaultPoint = keyof typeof faultPoints

export const never: Rarely = () => false
