import type { Random } from '#kernel/base/host.ts'
import type { KeyKind } from './operations.ts'

/**
 * The keys of a run, shared by its clients. An operation without a reply may take effect at any later time, and a checker must
 * try all ways: so a key with too many of them is left, and a new one takes its place.
 */
export class Keys {
  readonly #names: string[]
  readonly #kinds: readonly KeyKind[]
  readonly #skew: number
  readonly #lostMax: number
  readonly #lost = new Map<string, number>()
  readonly #all: string[]

  constructor(options: {
    readonly keyCount: number
    readonly keySkew: number
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
    const index = Math.floor(this.#names.length * random.float() ** this.#skew)
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
