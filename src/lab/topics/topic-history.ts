/** A topic's partition, by one word: `topic/3`. */
export type PartitionName = string

export function partitionName(topic: string, partition: number): PartitionName {
  return `${topic}/${partition}`
}

/** A batch that a producer sent, once or more often. */
export interface SentBatch {
  /** One life of a producer, which knows only its own batches. */
  readonly producer: number
  readonly isIdempotent: boolean
  readonly partition: PartitionName
  /** Rises by one with each batch of its producer. */
  readonly number: number
  /** Of its records; no two records of a run have the same. */
  readonly values: readonly string[]
  readonly sentMs: number
  attempts: number
  acknowledged: { readonly offset: number; readonly ms: number } | undefined
}

/** A batch as a consumer was given it. */
export interface SeenBatch {
  readonly baseOffset: number
  readonly values: readonly string[]
  /** Of all its bytes, offset and epoch included. */
  readonly digest: number
}

export interface Read {
  readonly consumer: string
  readonly partition: PartitionName
  readonly calledMs: number
  readonly batches: readonly SeenBatch[]
  readonly highWatermark: number
}

/** A partition as it was when all was over, read from its start to its end. */
export interface FinalRead {
  readonly when: string
  readonly partition: PartitionName
  /** What is acknowledged before must be there. */
  readonly calledMs: number
  readonly startOffset: number
  readonly endOffset: number
  readonly batches: readonly SeenBatch[]
}

export interface Assignment {
  readonly group: string
  readonly generation: number
  readonly member: string
  readonly partitions: readonly PartitionName[]
  readonly toldMs: number
}

/** An offset that a member asked to be remembered. */
export interface Commit {
  readonly group: string
  readonly generation: number
  readonly member: string
  readonly partition: PartitionName
  readonly offset: number
  readonly calledMs: number
  /** `refused`: not done, for certain. */
  outcome: 'lost' | 'done' | 'refused'
  returnedMs: number
}

/** What somebody was told that a group had committed; -1: nothing. */
export interface CommittedRead {
  readonly group: string
  readonly partition: PartitionName
  readonly offset: number
  readonly calledMs: number
  readonly returnedMs: number
}

/** What the clients of topics asked and were told, for the checkers. */
export class TopicHistory {
  readonly sent: SentBatch[] = []
  readonly reads: Read[] = []
  readonly finals: FinalRead[] = []
  readonly assignments: Assignment[] = []
  readonly commits: Commit[] = []
  readonly committed: CommittedRead[] = []
  /** What no broker may say, whatever came before: for people. */
  readonly anomalies: string[] = []
  /** Requests without an answer, and those that were refused. */
  lost = 0
  refused = 0
  #producers = 0

  /** A number for a new life of a producer. */
  producer(): number {
    return this.#producers++
  }

  /** Requests that were answered and are checked. */
  get answered(): number {
    const acknowledged = this.sent.filter((batch) => batch.acknowledged).length
    const done = this.commits.filter(({ outcome }) => outcome === 'done').length
    return acknowledged + this.reads.length + this.assignments.length + done + this.committed.length
  }
}
