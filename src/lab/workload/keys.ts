import type { Random } from '#kernel/base/host.ts'
import type { KeyKind } from './operations.ts'

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

/**
 * The keys of a run, shared by its clients. A write without a reply may take effect at any later time, and a checker must try
 * all ways: so a key with too many open writes is only read until some are answered, and one that lost too many is left
 * for a new one.
 */
export class Keys {
  readonly #names: string[]
  readonly #kinds: readonly KeyKind[]
  readonly #skew: KeySkew
  readonly #openWritesMax: number
  readonly #openWrites = new Map<string, number>()
  readonly #lostWrites = new Map<string, number>()
  readonly #all: string[]

  constructor(options: {
    readonly keyCount: number
    readonly keySkew: KeySkew
    readonly keyKinds: readonly KeyKind[]
    readonly openWritesPerKeyMax: number
  }) {
    this.#names = Array.from({ length: options.keyCount }, (_, index) => `k${index}`)
    this.#all = [...this.#names]
    this.#kinds = options.keyKinds
    this.#skew = options.keySkew
    this.#openWritesMax = options.openWritesPerKeyMax
  }

  draw(random: Random): { readonly name: string; readonly kind: KeyKind; readonly mayWrite: boolean } {
    const index = Math.floor(this.#names.length * skews[this.#skew](random.float()))
    const name = this.#names[index]!
    const mayWrite = (this.#openWrites.get(name) ?? 0) < this.#openWritesMax
    return { name, kind: this.#kinds[index % this.#kinds.length]!, mayWrite }
  }

  writeAsked(name: string): void {
    this.#openWrites.set(name, (this.#openWrites.get(name) ?? 0) + 1)
  }

  writeAnswered(name: string): void {
    this.#openWrites.set(name, this.#openWrites.get(name)! - 1)
  }

  /** It stays open for ever. */
  writeLost(name: string): void {
    const lost = (this.#lostWrites.get(name) ?? 0) + 1
    this.#lostWrites.set(name, lost)
    const index = this.#names.indexOf(name)
    if (lost * 2 < this.#openWritesMax || index < 0) return
    const successor = `k${index}.${this.#all.length}`
    this.#names[index] = successor
    this.#all.push(successor)
  }

  /** Every key ever used. */
  get all(): readonly string[] {
    return this.#all
  }
}
