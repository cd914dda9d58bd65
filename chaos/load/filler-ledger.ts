interface Asked {
  readonly key: string
  readonly sequence: number
}

/** What one writer asked, one write after the other, and so what may be read once it has ended. */
export class FillerLedger {
  readonly #valueBytes: number
  /** By key: the sequence numbers of values that may be there. */
  readonly #possible = new Map<string, Set<number>>()
  readonly #unanswered = new Set<number>()
  #sequence = 0
  #open: Asked | undefined
  acknowledgedBytes = 0

  constructor(valueBytes: number) {
    this.#valueBytes = valueBytes
  }

  get keys(): readonly string[] {
    return [...this.#possible.keys()]
  }

  /** The next write: to one key after the other. */
  asked(keyCount: number): Asked {
    const sequence = this.#sequence++
    this.#open = { key: `filler ${sequence % keyCount}`, sequence }
    const { key } = this.#open
    if (!this.#possible.has(key)) this.#possible.set(key, new Set([-1]))
    return this.#open
  }

  /** The open one is done. Those of its key without an answer may still come later; that which was acknowledged before is gone. */
  acknowledged(): void {
    if (!this.#open) return
    const { key, sequence } = this.#open
    const possible = this.#possible.get(key)!
    for (const earlier of possible) if (!this.#unanswered.has(earlier)) possible.delete(earlier)
    possible.add(sequence)
    this.acknowledgedBytes += this.#valueBytes
    this.#open = undefined
  }

  /** The open one, if there is any, has no answer: it may be done once, at any later time. */
  unknown(): void {
    if (!this.#open) return
    const { key, sequence } = this.#open
    this.#unanswered.add(sequence)
    this.#possible.get(key)!.add(sequence)
    this.#open = undefined
  }

  /** @param value what was read; undefined: no key  @returns what is wrong with it */
  judge(key: string, value: string | undefined): string | undefined {
    const possible = [...this.#possible.get(key)!]
    const found = value === undefined ? -1 : Number.parseInt(value, 10)
    if (!possible.includes(found)) return `${key} is write ${found} where only ${possible.join(', ')} can be`
    if (value !== undefined && value !== fillerValue(found, this.#valueBytes))
      return `${key} has other bytes than write ${found}`
    return undefined
  }
}

export function fillerValue(sequence: number, bytes: number): string {
  return `${sequence} `.padEnd(bytes, String.fromCharCode(97 + (sequence % 26)))
}
