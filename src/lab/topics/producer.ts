import { utf8Bytes } from '#kernel/base/bytes.ts'
import { apis } from '#messaging/kafka/protocol/apis.ts'
import { errorCode } from '#messaging/kafka/protocol/error-codes.ts'
import { buildBatch } from '#messaging/kafka/protocol/records/index.ts'
import type { ClusterClient } from './cluster-client.ts'
import { isRetriable } from './retriable.ts'
import type { SentBatch, TopicHistory } from './topic-history.ts'
import { partitionName } from './topic-history.ts'

export interface ProducerOptions {
  readonly client: ClusterClient
  readonly history: TopicHistory
  readonly name: string
  readonly topic: string
  readonly partition: number
  readonly isIdempotent: boolean
  /** Batches under way at a time, at most; five is what brokers remember of a producer. */
  readonly windowMax: number
  readonly recordsMax: number
  readonly valueBytesMax: number
  readonly thinkMs: number
  /** It ends when so many are acknowledged. */
  readonly batchesMax: number
  readonly nowMs: () => number
}

interface Batch {
  readonly sent: SentBatch
  readonly bytes: Uint8Array
}

interface Life {
  readonly number: number
  readonly producerId: number
  batches: number
  sequence: number
}

/** What becomes of batches that were sent along with one that was not taken. */
const outOfSequence: ReadonlySet<number> = new Set([
  ...[errorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, errorCode.UNKNOWN_PRODUCER_ID],
])
const retryMs = 20
/** A producer that got no answer ends now and then, and another one begins that knows nothing of it. */
const livesAfterLosses = 12

/** Sends batches to one partition until each is acknowledged, in their order, as a producer with acks=all does. */
export class TopicProducer {
  readonly #options: ProducerOptions
  #life: Life | undefined
  /** Not acknowledged, in order. */
  #pending: Batch[] = []
  #madeRecords = 0
  #madeBatches = 0
  #isFinishing = false
  isFinished = false

  constructor(options: ProducerOptions) {
    this.#options = options
  }

  start(): void {
    void this.#run()
  }

  /** Makes no more records, and ends when all are acknowledged. */
  finish(): void {
    this.#isFinishing = true
  }

  async #run(): Promise<void> {
    const { client, topic, partition, thinkMs } = this.#options
    const name = partitionName(topic, partition)
    while (!this.#isFinishing || this.#pending.length > 0) {
      this.#life ??= await this.#begin()
      const leader = client.leader(name)
      if (!this.#life || !leader) {
        await client.refresh([topic])
        await client.sleep(retryMs)
        continue
      }
      if (!this.#isFinishing) this.#make(this.#life)
      if (await this.#sendAll(client.connection(leader.address))) await client.sleep(thinkMs)
      else {
        await client.refresh([topic])
        await client.sleep(retryMs)
      }
    }
    this.isFinished = true
    client.close()
  }

  async #begin(): Promise<Life | undefined> {
    const { client, history, isIdempotent } = this.#options
    const life = { number: history.producer(), producerId: -1, batches: 0, sequence: 0 }
    if (!isIdempotent) return life
    const request = { transactionalId: null, transactionTimeoutMs: 0 }
    const answer = await client.connection(client.anyBroker()).ask(apis.InitProducerId, request)
    return answer?.errorCode === errorCode.NONE ? { ...life, producerId: answer.producerId } : undefined
  }

  /** Fills the window, about. */
  #make(life: Life): void {
    const { client, history, windowMax, batchesMax, name, topic, partition, isIdempotent } = this.#options
    const { random } = client.options
    const room = Math.min(windowMax - this.#pending.length, batchesMax - this.#madeBatches)
    const count = Math.min(room, 1 + random.below(windowMax))
    this.#madeBatches += count
    if (this.#madeBatches === batchesMax) this.#isFinishing = true
    for (let i = 0; i < count; i++) {
      const values = Array.from({ length: 1 + random.below(this.#options.recordsMax) }, () => this.#value())
      const nowMs = this.#options.nowMs()
      const sent: SentBatch = {
        ...{ producer: life.number, isIdempotent, partition: partitionName(topic, partition), number: life.batches++ },
        ...{ values, sentMs: nowMs, attempts: 0, acknowledged: undefined },
      }
      const records = values.map((value) => ({
        value: utf8Bytes(value),
        timestamp: Math.floor(nowMs),
        key: utf8Bytes(name),
      }))
      const { producerId, sequence: baseSequence } = life
      const identity = isIdempotent ? { producerId, producerEpoch: 0, baseSequence } : {}
      life.sequence += values.length
      history.sent.push(sent)
      this.#pending.push({ sent, bytes: buildBatch(records, identity) })
    }
  }

  #value(): string {
    const { name, client, valueBytesMax } = this.#options
    const { random } = client.options
    const unique = `${name}.${this.#madeRecords++}`
    return random.below(4) === 0 ? unique.padEnd(random.below(valueBytesMax + 1), '-') : unique
  }

  /** @returns whether all were acknowledged */
  async #sendAll(connection: ReturnType<ClusterClient['connection']>): Promise<boolean> {
    const answers = this.#pending.map((batch) => this.#send(connection, batch))
    const codes = await Promise.all(answers)
    const first = codes.findIndex((code) => code !== errorCode.NONE)
    this.#pending = this.#pending.filter((_, i) => codes[i] !== errorCode.NONE)
    if (first < 0) return true
    const { history, client, name } = this.#options
    const code = codes[first]
    if (code !== undefined && outOfSequence.has(code)) {
      // All before it are acknowledged.
      history.anomalies.push(
        `producer ${name} was answered error ${code} of batch ${this.#pending[0]!.sent.number}, the first that is not acknowledged`,
      )
    }
    if (code === undefined && !this.#isFinishing && client.options.random.below(livesAfterLosses) === 0) {
      this.#life = undefined
      this.#pending = []
    }
    return false
  }

  /** @returns the error code; undefined: no answer */
  async #send(
    connection: ReturnType<ClusterClient['connection']>,
    { sent, bytes }: Batch,
  ): Promise<number | undefined> {
    const { history, topic, partition, name, nowMs } = this.#options
    sent.attempts++
    const topicData = [{ name: topic, partitionData: [{ index: partition, records: bytes }] }]
    const answer = await connection.ask(apis.Produce, { acks: -1, timeoutMs: 1000, topicData }, { version: 9 })
    if (!answer) {
      history.lost++
      return undefined
    }
    const { errorCode: code, baseOffset } = answer.responses[0]!.partitionResponses[0]!
    if (code === errorCode.NONE) {
      sent.acknowledged = { offset: baseOffset, ms: nowMs() }
      return code
    }
    history.refused++
    if (!isRetriable(code) && !outOfSequence.has(code)) {
      history.anomalies.push(`producer ${name} was answered error ${code} of batch ${sent.number}`)
    }
    return code
  }
}
