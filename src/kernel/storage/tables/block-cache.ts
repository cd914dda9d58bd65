import { assert } from '#kernel/base/errors.ts'

/** What an entry costs beside its bytes: the objects around them. */
const entryCostBytes = 160

/** Verified bytes of one table file in memory. */
export interface CacheEntry<Content> {
  readonly content: Content
  /** The file's entries by offset: where readers find this one, and where an eviction removes it. */
  readonly home: Map<number, CacheEntry<Content>>
  readonly offset: number
  readonly bytes: number
  /** Set by every hit: that is all a hit costs. */
  referenced: boolean
  /** Above 0 it is not evicted. */
  pins: number
  /** In the ring; kept by the cache. */
  position: number
}

/**
 * Blocks of all trees of a node, bounded by bytes: CLOCK (Corbató 1968). Index and filter blocks are entries like others;
 * as every read sets their mark, they stay as long as their file is read.
 *
 * What is pinned may exceed the bound: an evaluation that waits for blocks must find all of them when it runs again.
 */
export class BlockCache<Content = unknown> {
  readonly bytesMax: number
  #bytes = 0
  readonly #ring: CacheEntry<Content>[] = []
  #hand = 0

  constructor(options: { readonly bytesMax: number }) {
    this.bytesMax = options.bytesMax
  }

  /** Bytes of all entries, with what the entries themselves cost. */
  get bytes(): number {
    return this.#bytes
  }

  /** Adds an entry that its home does not have, pinned once; others leave to make room. */
  add(home: Map<number, CacheEntry<Content>>, offset: number, content: Content, bytes: number): CacheEntry<Content> {
    assert(!home.has(offset), 'a block is in the cache once')
    const cost = bytes + entryCostBytes
    this.#evict(this.bytesMax - cost)
    const position = this.#ring.length
    // Not marked yet: what is read once, a scan's, leaves before what is read again.
    const entry = { content, home, offset, bytes: cost, referenced: false, pins: 1, position }
    this.#ring.push(entry)
    home.set(offset, entry)
    this.#bytes += cost
    return entry
  }

  unpin(entry: CacheEntry<Content>): void {
    entry.pins--
    assert(entry.pins >= 0, 'an entry is unpinned as often as it was pinned')
    if (this.#bytes > this.bytesMax) this.#evict(this.bytesMax)
  }

  /** Forgets all entries of a file that is gone. */
  drop(home: Map<number, CacheEntry<Content>>): void {
    for (const entry of home.values()) this.#remove(entry)
    home.clear()
  }

  #evict(bytesMax: number): void {
    // Two rounds clear every mark and then find every entry that is not pinned.
    for (let steps = this.#ring.length * 2; this.#bytes > bytesMax && this.#ring.length > 0 && steps > 0; steps--) {
      if (this.#hand >= this.#ring.length) this.#hand = 0
      const entry = this.#ring[this.#hand]!
      if (entry.pins > 0) this.#hand++
      else if (entry.referenced) {
        entry.referenced = false
        this.#hand++
      } else {
        entry.home.delete(entry.offset)
        this.#remove(entry)
      }
    }
  }

  /** The last entry of the ring takes the free place. */
  #remove(entry: CacheEntry<Content>): void {
    const last = this.#ring.pop()!
    if (last !== entry) {
      last.position = entry.position
      this.#ring[entry.position] = last
    }
    this.#bytes -= entry.bytes
  }
}
