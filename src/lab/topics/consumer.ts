import type { ClusterClient } from './cluster-client.ts'
import type { ReaderOptions, TopicPartition } from './reader.ts'
import { Reader } from './reader.ts'

export interface ConsumerOptions extends ReaderOptions {
  readonly partitions: readonly TopicPartition[]
  readonly thinkMs: number
}

const retryMs = 20
/** One round in so many it reads again what it has read. */
const againEvery = 8

/** Reads all partitions for ever, and parts of them again. */
export class TopicConsumer {
  readonly #options: ConsumerOptions
  readonly #reader: Reader
  readonly #client: ClusterClient
  #isFinishing = false
  isFinished = false

  constructor(options: ConsumerOptions) {
    this.#options = options
    this.#client = options.client
    this.#reader = new Reader(options)
    for (const partition of options.partitions) this.#reader.seek(partition, 0)
  }

  start(): void {
    void this.#run()
  }

  finish(): void {
    this.#isFinishing = true
  }

  async #run(): Promise<void> {
    const { partitions, thinkMs } = this.#options
    const { random } = this.#client.options
    const topics = [...new Set(partitions.map(({ topic }) => topic))]
    while (!this.#isFinishing) {
      if (random.below(againEvery) === 0) {
        const positions = [...this.#reader.positions.values()]
        const position = positions[random.below(positions.length)]!
        await this.#reader.askEnd(position)
        this.#reader.seek(position, random.below(position.offset + 1))
      }
      if (await this.#reader.poll()) await this.#client.sleep(thinkMs)
      else {
        await this.#client.refresh(topics)
        await this.#client.sleep(retryMs)
      }
    }
    this.isFinished = true
    this.#client.close()
  }
}
