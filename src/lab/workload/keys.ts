import type { Random } from '#kernel/base/host.ts'
import type { KindName, ObjectKind } from './kinds/index.ts'
import { objectKinds } from './kinds/index.ts'

/**
 * How keys are chosen: `floor(keyCount * u)` with u even between 0 and 1, or its square, or the square of that. (Only what
 * every engine rounds alike.)
 */
export type KeySkew = 'even' | 'skewed' | 'hot'

const skews: Readonly<Record<KeySkew, (u: number) => number>> = {
  even: (u) => u,
  skewed: (u) => u * u,
  hot: (u) => u * u * u * u,
}

/** How often the first key is chosen: 0 to 1. */
export function hottestShareOf(keyCount: number, skew: KeySkew): number {
  const share = 1 / keyCount
  if (skew === 'even') return share
  return skew === 'skewed' ? Math.sqrt(share) : Math.sqrt(Math.sqrt(share))
}

/** A key, or the tag of several. */
export interface KeyObject {
  readonly name: string
  readonly kind: ObjectKind
  readonly mayWrite: boolean
}

/** What is asked of keys that were never drawn: those of probes. */
const kindOfStrangers: KindName = 'register'

/**
 * The objects of a run, keys and tags, shared by its clients. A write without a reply may take effect at any later time, and a
 * checker must try all ways: so an object with too many open writes is only read until some are answered, and one that lost too many,
 * or was written too often, is left for a new one.
 */
export class Keys {
  readonly #names: string[]
  readonly #kinds: readonly KindName[]
  readonly #skew: KeySkew
  readonly #openWritesMax: number
  readonly #openWrites = new Map<string, number>()
  readonly #lostWrites = new Map<string, number>()
  readonly #writes = new Map<string, number>()
  readonly #kindOf = new Map<string, KindName>()

  constructor(options: {
    readonly keyCount: number
    readonly keySkew: KeySkew
    readonly keyKinds: readonly KindName[]
    readonly openWritesPerKeyMax: number
  }) {
    this.#kinds = options.keyKinds
    this.#skew = options.keySkew
    this.#openWritesMax = options.openWritesPerKeyMax
    this.#names = Array.from({ length: options.keyCount }, (_, index) => this.#named(index, String(index)))
  }

  draw(random: Random): KeyObject {
    const index = Math.floor(this.#names.length * skews[this.#skew](random.float()))
    const name = this.#names[index]!
    const mayWrite = (this.#openWrites.get(name) ?? 0) < this.#openWritesMax
    return { name, kind: objectKinds[this.kindOf(name)], mayWrite }
  }

  kindOf(name: string): KindName {
    return this.#kindOf.get(name) ?? kindOfStrangers
  }

  writeAsked(name: string): void {
    this.#openWrites.set(name, (this.#openWrites.get(name) ?? 0) + 1)
    const writes = (this.#writes.get(name) ?? 0) + 1
    this.#writes.set(name, writes)
    const kind: ObjectKind = objectKinds[this.kindOf(name)]
    if (writes === kind.writesMax) this.#retire(name)
  }

  writeAnswered(name: string): void {
    this.#openWrites.set(name, this.#openWrites.get(name)! - 1)
  }

  /** It stays open for ever. */
  writeLost(name: string): void {
    const lost = (this.#lostWrites.get(name) ?? 0) + 1
    this.#lostWrites.set(name, lost)
    if (lost * 2 >= this.#openWritesMax) this.#retire(name)
  }

  /** Every object ever drawn. */
  get all(): readonly string[] {
    return [...this.#kindOf.keys()]
  }

  #retire(name: string): void {
    const index = this.#names.indexOf(name)
    if (index >= 0) this.#names[index] = this.#named(index, `${index}.${this.#kindOf.size}`)
  }

  #named(index: number, number: string): string {
    const kind = this.#kinds[index % this.#kinds.length]!
    const name = objectKinds[kind].isGroup ? `{g${number}}` : `k${number}`
    this.#kindOf.set(name, kind)
    return name
  }
}
