import type { Shard } from '#kernel/shards/shard.ts'
import { BlockMiss } from '#kernel/storage/tables/tree.ts'
import { type Catalogue, CatalogueReader, catalogueRange, type KnownRows } from './catalogue.ts'

/**
 * The cluster's catalogue as this node knows it: a cache of the directory group's rows, of which every node has a replica while
 * members are fixed. What is here may be behind, never wrong about the past; data paths work from it while no directory leader can
 * be reached.
 */
export class Directory {
  readonly #shard: Shard
  readonly #failed: (error: Error) => void
  readonly #watchers: ((catalogue: Catalogue) => void)[] = []
  #catalogue: Catalogue | undefined
  #rows: KnownRows = new Map()
  #isReading = false
  #isStale = true

  /** @param failed the rows cannot be read: what is known stays as it was. */
  constructor(shard: Shard, failed: (error: Error) => void) {
    this.#shard = shard
    this.#failed = failed
  }

  /** Undefined while the cluster is not formed, or this node has not heard of it. */
  get catalogue(): Catalogue | undefined {
    return this.#catalogue
  }

  /** Called after each change, and at once if there is a catalogue already. */
  watch(watcher: (catalogue: Catalogue) => void): void {
    this.#watchers.push(watcher)
    if (this.#catalogue) watcher(this.#catalogue)
  }

  /** The directory's rows may have changed. */
  async refresh(): Promise<void> {
    this.#isStale = true
    if (this.#isReading) return
    this.#isReading = true
    while (this.#isStale) {
      this.#isStale = false
      const { state } = this.#shard
      try {
        const catalogue = await this.#read()
        if (!catalogue) continue
        this.#catalogue = catalogue
        for (const watcher of this.#watchers) watcher(catalogue)
      } catch (error) {
        // A snapshot may have taken the place of the rows meanwhile.
        if (this.#shard.state === state) this.#failed(error as Error)
        else this.#isStale = true
      }
    }
    this.#isReading = false
  }

  async #read(): Promise<Catalogue | undefined> {
    const { tree } = this.#shard.state
    for (;;) {
      try {
        const reader = new CatalogueReader(this.#rows)
        const rows = tree.scan(catalogueRange)
        while (rows.next()) reader.row(rows.key, rows.value)
        tree.unpin()
        this.#rows = reader.rows
        return reader.finish()
      } catch (error) {
        if (!(error instanceof BlockMiss)) throw error
        await tree.load(error.block)
      }
    }
  }
}
