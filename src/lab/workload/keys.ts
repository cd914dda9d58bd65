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
 * The keys of a run, shared by its clients. An operation without a reply may take effect at any later time, and a checker must
 * try all ways: so a key with too many of them is left, and a new one takes its place.
 */
export class Keys {
  readonly #names: string[]
  readonly #kinds: readonly KeyKind[]
  readonly #skew: KeySkew
  readonly #lostMax: number
  readonly #lost = new Map<string, number>()
  readonly #all: string[]

  constructor(options: {
    readonly keyCount: number
    readonly keySkew: KeySkew
    readonly keyKinds: readonly KeyKind[]
    readonly lostPerKeyMax: number
  }) {
    this.#names = Array.from({ length: options.keyCount }, (_, index) => `k${index}`)
    this.#all = [...this.#names]
    this.#kinds = options.keyKinds
    this.#skew = options.keySkew
    this.#lostMax = options.lostPerKeyMax
  }

  draw(random: Random): { readonly name: string; readonly kind: KeyKind } {
    const index = Math.floor(this.#names.length * skews[this.#skew](random.float()))
    return { name: this.#names[index]!, kind: this.#kinds[index % this.#kinds.length]! }
  }

  /** An operation on the key got no reply. */
  lost(name: string): void {
    const lost = (this.#lost.get(name) ?? 0) + 1
    this.#lost.set(name, lost)
    const index = this.#names.indexOf(name)
    if (lost < this.#lostMax || index < 0) return
    const successor = `k${index}.${this.#all.length}`
    this.#names[index] = successor
    this.#all.push(successor)
  }

  /** Every key ever used. */
  get all(): readonly string[] {
    return this.#all
  }
}
