export interface Excuse {
  readonly node: string
  /** What it says. */
  readonly reason: RegExp
  /** Only a process that ended this soon is excused: it could not start. Default: any. */
  readonly livedMsMax?: number
}

/** What a node may say when it ends by itself, while a fault gives it a reason. */
export class Excuses {
  readonly #given = new Set<Excuse>()

  /** @returns what takes it back */
  give(excuse: Excuse): () => void {
    this.#given.add(excuse)
    return () => void this.#given.delete(excuse)
  }

  /** Whether what the node said is covered. */
  cover(node: string, said: string, livedMs: number): boolean {
    return [...this.#given].some(
      (excuse) => excuse.node === node && excuse.reason.test(said) && livedMs <= (excuse.livedMsMax ?? Infinity),
    )
  }
}
