import type { ClusterClient } from './cluster-client.ts'
import { committedOffsets } from './group-requests.ts'
import type { TopicPartition } from './reader.ts'
import { Reader } from './reader.ts'
import type { PartitionName, TopicHistory } from './topic-history.ts'
import { partitionName } from './topic-history.ts'

export interface FinalReaderOptions {
  readonly client: ClusterClient
  readonly history: TopicHistory
  /** Unique in the run. */
  readonly name: string
  readonly when: string
  readonly partitions: readonly TopicPartition[]
  readonly groups: readonly string[]
  readonly nowMs: () => number
}

const retryMs = 20
const fetchBytesMax = 200_000
/** How long it looks for records that are acknowledged and not there: a broker that led before may answer first. */
const patienceMs = 5_000

/** Reads each partition once from its start to its end, and what groups have committed, as one broker knows the cluster. */
export class FinalReader {
  readonly #options: FinalReaderOptions
  readonly #reader: Reader
  isFinished = false

  constructor(options: FinalReaderOptions) {
    this.#options = options
    this.#reader = new Reader({ ...options, fetchBytesMax, waitMs: 0, tellsEpoch: true })
    for (const partition of options.partitions) this.#reader.seek(partition, 0)
  }

  start(): void {
    void this.#run()
  }

  async #run(): Promise<void> {
    const { client, partitions, nowMs, groups } = this.#options
    const topics = [...new Set(partitions.map(({ topic }) => topic))]
    const calledMs = nowMs()
    const ends = this.#acknowledgedEnds()
    const patientUntilMs = calledMs + patienceMs
    for (;;) {
      await client.refresh(topics)
      const isAnswered = await this.#reader.poll()
      const positions = [...this.#reader.positions]
      const isAtEnd = positions.every(([, { offset, highWatermark }]) => offset >= highWatermark)
      const hasAll = positions.every(([name, { offset }]) => offset >= (ends.get(name) ?? 0))
      if (isAnswered && isAtEnd && (hasAll || nowMs() > patientUntilMs)) break
      if (!isAnswered || isAtEnd) await client.sleep(retryMs)
    }
    for (const group of groups) while (!(await committedOffsets(this.#options, group))) await client.sleep(retryMs)
    this.#writeDown(calledMs)
    client.close()
    this.isFinished = true
  }

  /** Offsets behind the last acknowledged records. */
  #acknowledgedEnds(): ReadonlyMap<PartitionName, number> {
    const ends = new Map<PartitionName, number>()
    for (const { partition, acknowledged, values } of this.#options.history.sent) {
      const end = acknowledged ? acknowledged.offset + values.length : 0
      ends.set(partition, Math.max(end, ends.get(partition) ?? 0))
    }
    return ends
  }

  #writeDown(calledMs: number): void {
    const { history, name, when, partitions } = this.#options
    for (const { topic, partition: index } of partitions) {
      const partition = partitionName(topic, index)
      const reads = history.reads.filter((read) => read.consumer === name && read.partition === partition)
      const batches = reads.flatMap((read) => read.batches)
      const endOffset = this.#reader.positions.get(partition)!.offset
      history.finals.push({ when, partition, calledMs, startOffset: 0, endOffset, batches })
    }
  }
}
