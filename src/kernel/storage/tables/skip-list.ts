import { copyBytes, emptyBytes } from '#kernel/base/bytes.ts'
import type { ByteArena } from './byte-arena.ts'

/*
 * Words of a node. A node is named by the position of its first word; the node at 0 is the head, and as the list is
 * circular 0 also means "none". Everything that a search looks at lies together, so that a step costs one cache line.
 */
const prefixWord = 0
const secondPrefixWord = 1
const keyAtWord = 2
/** `removedLength` once the node is out of the list. */
const keyLengthWord = 3
const backWord = 4
/** Words of the list's user. */
export const valueAtWord = 5
export const valueLengthWord = 6
export const valueRoomWord = 7
/** The first of as many links as the node has levels. */
const linkWord = 8

const removedLength = -1
/** A node has one more level with a chance of 1 in 4: 12 levels serve 16 million rows. */
const levelsMax = 12
const headWords = linkWord + levelsMax
/** Nodes grow from here by doubling. */
const wordsMin = 1024
/** How much of what all keys begin with is left out of comparisons. */
const sharedBytesMax = 64
const prefixBytes = 8

/**
 * A skip list (Pugh 1990) of byte-string keys over an arena of words.
 *
 * 1. A key has at most one node. Keys lie in the byte arena and do not move.
 * 2. Each node holds the eight bytes of its key behind the `#shared` bytes that all keys begin with, as two integers of the
 *    same order (zeros where the key ends): most steps of a search compare integers only.
 * 3. Level choices come from a generator with a fixed seed, so that equal histories give equal lists.
 */
export class SkipList {
  /** Grows by being replaced: read it anew after an insertion. */
  nodes: Int32Array
  #used = headWords
  #height = 1
  #random = 0x9e37_79b9
  readonly #arena: ByteArena
  /** A key that was inserted first: all keys begin with `#shared` bytes of it. */
  #first: Uint8Array = emptyBytes
  #shared = 0
  /** For each level the last node below the key that was sought. */
  readonly #before = new Int32Array(levelsMax)

  /** @param words how many words of nodes to make room for at once. */
  constructor(arena: ByteArena, words: number) {
    this.#arena = arena
    this.nodes = new Int32Array(Math.max(words, wordsMin))
  }

  get isEmpty(): boolean {
    return this.nodes[linkWord] === 0
  }

  /** Words of all nodes that there ever were. */
  get words(): number {
    return this.#used
  }

  after(node: number): number {
    return this.nodes[node + linkWord]!
  }

  before(node: number): number {
    return this.nodes[node + backWord]!
  }

  keyAt(node: number): number {
    return this.nodes[node + keyAtWord]!
  }

  keyLength(node: number): number {
    return this.nodes[node + keyLengthWord]!
  }

  /** Whether the node is in the list and that of `key`. */
  hasKey(node: number, key: Uint8Array): boolean {
    if (this.nodes[node + keyLengthWord] !== key.length) return false
    const at = this.nodes[node + keyAtWord]!
    const chunk = this.#arena.chunk(at)
    const start = this.#arena.offset(at)
    for (let i = 0; i < key.length; i++) if (chunk[start + i] !== key[i]) return false
    return true
  }

  /** The first node at or above `key`; 0 where there is none. */
  atLeast(key: Uint8Array): number {
    this.#seek(key)
    return this.nodes[this.#before[0]! + linkWord]!
  }

  /** The last node below `key`, or of all; 0 where there is none. */
  below(key: Uint8Array | undefined): number {
    if (key === undefined) return this.nodes[backWord]!
    this.#seek(key)
    return this.#before[0]!
  }

  /** Adds the node of a key that has none. @param keyAt where the key lies in the arena. */
  insert(key: Uint8Array, keyAt: number): number {
    this.#share(key)
    this.#seek(key)
    const before = this.#before
    const levels = this.#chooseLevels()
    for (; this.#height < levels; this.#height++) before[this.#height] = 0
    const node = this.#used
    this.#used += linkWord + levels
    if (this.#used > this.nodes.length) {
      const grown = new Int32Array(this.nodes.length * 2)
      grown.set(this.nodes)
      this.nodes = grown
    }
    const { nodes } = this
    this.#setPrefix(node, key)
    nodes[node + keyAtWord] = keyAt
    nodes[node + keyLengthWord] = key.length
    nodes[node + backWord] = before[0]!
    nodes[nodes[before[0]! + linkWord]! + backWord] = node
    for (let level = 0; level < levels; level++) {
      const link = before[level]! + linkWord + level
      nodes[node + linkWord + level] = nodes[link]!
      nodes[link] = node
    }
    return node
  }

  remove(key: Uint8Array, node: number): void {
    this.#seek(key)
    const { nodes } = this
    for (let level = 0; level < this.#height; level++) {
      const link = this.#before[level]! + linkWord + level
      if (nodes[link] !== node) break
      nodes[link] = nodes[node + linkWord + level]!
    }
    nodes[nodes[node + linkWord]! + backWord] = nodes[node + backWord]!
    nodes[node + keyLengthWord] = removedLength
  }

  /** Removes the nodes of `from <= key < to`, to the end where `to` is undefined. */
  removeRange(from: Uint8Array, to: Uint8Array | undefined): void {
    const beyond = to === undefined ? 0 : this.atLeast(to)
    const beyondLinks = this.#before.map((node, level) =>
      to === undefined || level >= this.#height ? 0 : this.nodes[node + linkWord + level]!,
    )
    const first = this.atLeast(from)
    const { nodes } = this
    for (let level = 0; level < this.#height; level++) {
      nodes[this.#before[level]! + linkWord + level] = beyondLinks[level]!
    }
    nodes[beyond + backWord] = this.#before[0]!
    for (let node = first; node !== beyond; node = nodes[node + linkWord]!) nodes[node + keyLengthWord] = removedLength
  }

  /** Fills `#before`. */
  #seek(key: Uint8Array): void {
    const { nodes } = this
    const before = this.#before
    const common = this.#commonWithAll(key)
    if (common < this.#shared) {
      // The key differs from what all others begin with: it is below all of them or above all of them.
      if (common === key.length || key[common]! < this.#first[common]!) before.fill(0)
      else this.#seekEnd()
      return
    }
    const prefix = prefixOf(key, common)
    const secondPrefix = prefixOf(key, common + 4)
    let at = 0
    // A node that is known to be at or above the key (0 is above all) need not be compared again one level down.
    let above = 0
    for (let level = this.#height - 1; level >= 0; level--) {
      let next = nodes[at + linkWord + level]!
      while (next !== above) {
        const nextPrefix = nodes[next + prefixWord]!
        if (nextPrefix > prefix) break
        if (nextPrefix === prefix) {
          const nextSecond = nodes[next + secondPrefixWord]!
          if (nextSecond > secondPrefix || (nextSecond === secondPrefix && this.#compareRest(next, key) >= 0)) break
        }
        at = next
        next = nodes[at + linkWord + level]!
      }
      above = next
      before[level] = at
    }
  }

  #seekEnd(): void {
    const { nodes } = this
    let at = 0
    for (let level = this.#height - 1; level >= 0; level--) {
      for (let next = nodes[at + linkWord + level]!; next !== 0; next = nodes[at + linkWord + level]!) at = next
      this.#before[level] = at
    }
  }

  /** Order of a node's key and `key`, which are equal in the bytes that nodes hold (or up to where one ends). */
  #compareRest(node: number, key: Uint8Array): number {
    const at = this.nodes[node + keyAtWord]!
    const length = this.nodes[node + keyLengthWord]!
    const chunk = this.#arena.chunk(at)
    const start = this.#arena.offset(at)
    const shorter = Math.min(length, key.length)
    for (let i = this.#shared + prefixBytes; i < shorter; i++) {
      const difference = chunk[start + i]! - key[i]!
      if (difference !== 0) return difference
    }
    return length - key.length
  }

  #commonWithAll(key: Uint8Array): number {
    const first = this.#first
    let common = 0
    while (common < this.#shared && common < key.length && key[common] === first[common]) common++
    return common
  }

  /** Makes `#shared` true of `key` too; every node's prefix is then another. */
  #share(key: Uint8Array): void {
    if (this.isEmpty) {
      this.#first = copyBytes(key.subarray(0, sharedBytesMax))
      this.#shared = this.#first.length
      return
    }
    const common = this.#commonWithAll(key)
    if (common === this.#shared) return
    this.#shared = common
    for (let node = this.after(0); node !== 0; node = this.after(node)) {
      const at = this.keyAt(node)
      const start = this.#arena.offset(at)
      const bytes = this.#arena.chunk(at).subarray(start, start + this.keyLength(node))
      this.#setPrefix(node, bytes)
    }
  }

  #setPrefix(node: number, key: Uint8Array): void {
    this.nodes[node + prefixWord] = prefixOf(key, this.#shared)
    this.nodes[node + secondPrefixWord] = prefixOf(key, this.#shared + 4)
  }

  /** xorshift32 (Marsaglia 2003), two bits per level. */
  #chooseLevels(): number {
    let x = this.#random
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#random = x
    let levels = 1
    while (levels < levelsMax && (x & 3) === 0) {
      levels++
      x >>>= 2
    }
    return levels
  }
}

/** Four bytes of `key` from `from` on, zeros where it ends, as an integer of the same order. */
function prefixOf(key: Uint8Array, from: number): number {
  if (key.length >= from + 4) {
    return ((key[from]! << 24) | (key[from + 1]! << 16) | (key[from + 2]! << 8) | key[from + 3]!) ^ 0x8000_0000
  }
  let prefix = 0
  for (let i = from; i < from + 4; i++) prefix = (prefix << 8) | (i < key.length ? key[i]! : 0)
  return prefix ^ 0x8000_0000
}
