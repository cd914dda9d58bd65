/** What a node may say when it ends by itself, while a fault gives it a reason. */
export class Excuses {
  readonly #given = new Set<{ readonly node: string; readonly reason: RegExp }>()

  /** @returns what takes it back */
  give(node: string, reason: RegExp): () => void {
    const excuse = { node, reason }
    this.#given.add(excuse)
    return () => void this.#given.delete(excuse)
  }

  /** Whether what the node said is covered. */
  cover(node: string, said: string): boolean {
    return [...this.#given].some((excuse) => excuse.node === node && excuse.reason.test(said))
  }
}
