import { utf8Text } from '#kernel/base/bytes.ts'
import { crc32c } from '#kernel/base/crc32c.ts'
import { apis } from '#messaging/kafka/protocol/apis.ts'
import { errorCode } from '#messaging/kafka/protocol/error-codes.ts'
import { batchesOf, recordsOfBatch } from '#messaging/kafka/protocol/records/index.ts'
import type { ClusterClient, Leader } from './cluster-client.ts'
import { isRetriable } from './retriable.ts'
import type { PartitionName, SeenBatch, TopicHistory } from './topic-history.ts'
import { partitionName } from './topic-history.ts'

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export interface ReaderOptions {
  readonly client: ClusterClient
  readonly history: TopicHistory
  readonly name: string
  readonly fetchBytesMax: number
  readonly waitMs: number
  /** Tells brokers which leader it takes them for (KIP-320), as newer clients do. */
  readonly tellsEpoch: boolean
  readonly nowMs: () => number
}

interface Position extends TopicPartition {
  offset: number
  /** It was told that there are so many. */
  highWatermark: number
}

/** Reads partitions at their leaders, from a position in each on; every batch is held to what a consumer relies on. */
export class Reader {
  readonly #options: ReaderOptions
  readonly positions = new Map<PartitionName, Position>()

  constructor(options: ReaderOptions) {
    this.#options = options
  }

  seek({ topic, partition }: TopicPartition, offset: number): void {
    const name = partitionName(topic, partition)
    const highWatermark = this.positions.get(name)?.highWatermark ?? 0
    this.positions.set(name, { topic, partition, offset, highWatermark })
  }

  /** One round: a request to each broker that leads one of its partitions. @returns whether all were answered */
  async poll(waitMs = this.#options.waitMs): Promise<boolean> {
    const { client } = this.#options
    const led = [...this.positions].map(([name, position]) => ({ name, position, leader: client.leader(name) }))
    const byBroker = Map.groupBy(led, ({ leader }) => leader && `${leader.address.host}:${leader.address.port}`)
    const rounds = [...byBroker].map(([broker, asked]) =>
      broker === undefined ? false : this.#fetch(asked as { position: Position; leader: Leader }[], waitMs),
    )
    return (await Promise.all(rounds)).every((isDone) => isDone)
  }

  /** Asks where a partition ends, which cannot be before what it was told. */
  async askEnd(position: Position): Promise<void> {
    const { client, history, name } = this.#options
    const leader = client.leader(partitionName(position.topic, position.partition))
    if (!leader) return
    const { topic, partition: partitionIndex, highWatermark } = position
    const partitions = [{ partitionIndex, currentLeaderEpoch: leader.epoch, timestamp: latestTimestamp }]
    const request = { replicaId: -1, topics: [{ name: topic, partitions }] }
    const answer = await client.connection(leader.address).ask(apis.ListOffsets, request, { version: 5 })
    const found = answer?.topics[0]?.partitions[0]
    if (!found) return
    if (found.errorCode !== errorCode.NONE) {
      if (!isRetriable(found.errorCode)) {
        history.anomalies.push(`${name} asked where ${topic}/${partitionIndex} ends: error ${found.errorCode}`)
      }
    } else if (found.offset < highWatermark) {
      history.anomalies.push(
        `${name} was told that ${topic}/${partitionIndex} ends at ${found.offset}, after it ended at ${highWatermark}`,
      )
    }
  }

  async #fetch(
    asked: readonly { readonly position: Position; readonly leader: Leader }[],
    waitMs: number,
  ): Promise<boolean> {
    const { client, history, fetchBytesMax, nowMs } = this.#options
    const topics = asked.map(({ position: { topic, partition, offset }, leader }) => ({
      topic,
      partitions: [
        {
          partition,
          fetchOffset: offset,
          currentLeaderEpoch: this.#options.tellsEpoch ? leader.epoch : -1,
          partitionMaxBytes: fetchBytesMax,
        },
      ],
    }))
    const calledMs = nowMs()
    const request = { maxWaitMs: waitMs, minBytes: 1, maxBytes: 2 * fetchBytesMax, topics }
    const connection = client.connection(asked[0]!.leader.address)
    const answer = await connection.ask(apis.Fetch, request, { version: 12, waitMs })
    if (!answer) {
      history.lost++
      return false
    }
    let isDone = true
    answer.responses.forEach(({ partitions }, i) => {
      const { position } = asked[i]!
      const { errorCode: code, highWatermark, records } = partitions[0]!
      if (code === errorCode.NONE) this.#take(position, records ?? noBytes, { calledMs, highWatermark })
      else {
        isDone = false
        history.refused++
        if (!isRetriable(code)) {
          history.anomalies.push(
            `${this.#options.name} was answered error ${code} at offset ${position.offset} of ${position.topic}/${position.partition}, having been told of ${position.highWatermark}`,
          )
        }
      }
    })
    return isDone
  }

  #take(
    position: Position,
    bytes: Uint8Array,
    told: { readonly calledMs: number; readonly highWatermark: number },
  ): void {
    const { history, name: consumer } = this.#options
    const partition = partitionName(position.topic, position.partition)
    const batches: SeenBatch[] = []
    const wrong = (what: string) => history.anomalies.push(`${consumer} read ${partition} and found ${what}`)
    try {
      let isFirst = true
      for (const batch of batchesOf(bytes, { check: true })) {
        const { baseOffset, lastOffset, start, end } = batch
        const values = [...recordsOfBatch(batch)].map(({ value }) => utf8Text(value ?? noBytes))
        // The first batch may begin below what was asked for.
        const isNext = isFirst ? baseOffset <= position.offset : baseOffset === position.offset
        if (!isNext || lastOffset < position.offset) wrong(`offset ${baseOffset} where ${position.offset} was due`)
        if (values.length !== lastOffset - baseOffset + 1)
          wrong(`${values.length} records from ${baseOffset} to ${lastOffset}`)
        isFirst = false
        batches.push({ baseOffset, values, digest: crc32c(bytes, start, end) })
        position.offset = lastOffset + 1
      }
    } catch (error) {
      wrong(`what cannot be read: ${error}`)
    }
    if (batches.length > 0 && position.offset > told.highWatermark)
      wrong(`offset ${position.offset - 1} beyond the high watermark ${told.highWatermark}`)
    position.highWatermark = Math.max(position.highWatermark, told.highWatermark)
    if (batches.length > 0) history.reads.push({ consumer, partition, ...told, batches })
  }
}

/** What stands for the end where offsets are asked for by time. */
const latestTimestamp = -1
const noBytes = new Uint8Array(0)
