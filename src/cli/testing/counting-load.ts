import { setTimeout as sleep } from 'node:timers/promises'
import type { ClusterProcess } from './cluster-process.ts'
import { TestClient } from './test-client.ts'

/**
 * Writers that count up keys of their own through all nodes, and readers that go from node to node. A writer whose reply does not come
 * begins a new key: what has an unknown outcome may still land later and says nothing about losses.
 */
export class CountingLoad {
  /** By key: the last value that was acknowledged. */
  readonly acknowledged = new Map<string, number>()
  /** Reads that gave less than the same client had seen before through any node. */
  readonly staleReads: string[] = []
  writes = 0
  reads = 0
  readonly #cluster: ClusterProcess
  readonly #loops: Promise<void>[]
  #isOver = false

  constructor(cluster: ClusterProcess, options: { readonly writers: number; readonly readers: number }) {
    this.#cluster = cluster
    this.#loops = [
      ...Array.from({ length: options.writers }, (_, writer) => this.#write(writer)),
      ...Array.from({ length: options.readers }, (_, reader) => this.#read(reader)),
    ]
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#loops)
  }

  #endpoint(turn: number): string {
    const { nodes } = this.#cluster
    return nodes[turn % nodes.length]!.endpoints.redis
  }

  async #write(writer: number): Promise<void> {
    for (let life = 0; !this.#isOver; life++) {
      try {
        using client = await TestClient.connect(this.#endpoint(writer + life))
        for (let value = 1; !this.#isOver; value++) {
          const reply = await client.send('SET', `count:${writer}:${life}`, String(value))
          if (reply !== 'OK') break
          this.acknowledged.set(`count:${writer}:${life}`, value)
          this.writes++
        }
      } catch {
        await sleep(5) // the node is gone; the next one may answer
      }
    }
  }

  async #read(reader: number): Promise<void> {
    const seen = new Map<string, number>()
    for (let turn = reader; !this.#isOver; turn++) {
      try {
        using client = await TestClient.connect(this.#endpoint(turn))
        for (const key of [...this.acknowledged.keys()].slice(-6)) {
          const least = Math.max(this.acknowledged.get(key)!, seen.get(key) ?? 0)
          const reply = await client.send('GET', key)
          const value = Number(/^"(\d+)"$/.exec(reply)?.[1] ?? (reply === '(nil)' ? 0 : Number.NaN))
          if (Number.isNaN(value)) continue // no leader within the time allowed
          if (value < least) this.staleReads.push(`${key} was ${least} and then ${value}`)
          seen.set(key, value)
          this.reads++
        }
      } catch {
        await sleep(5)
      }
    }
  }

  /** Keys of which a node says less than was acknowledged. */
  async lostAt(endpoint: string): Promise<string[]> {
    using client = await TestClient.connect(endpoint)
    const keys = [...this.acknowledged]
    const replies = await Promise.all(keys.map(([key]) => client.send('GET', key)))
    return keys.flatMap(([key, value], i) =>
      Number(replies[i]!.replaceAll('"', '')) >= value ? [] : [`${key}: ${replies[i]} for ${value}`],
    )
  }
}
