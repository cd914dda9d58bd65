/** Why one transaction comes before another. */
export const edgeKinds = {
  /** Both append to a key, the one right before the other. */
  ww: 1,
  /** The second read what the first appended. */
  wr: 2,
  /** The second appended what the first did not see yet. */
  rw: 4,
  /** One connection asked the first before the second. */
  process: 8,
  /** The first was answered before the second was asked. */
  realtime: 16,
} as const

export type EdgeKind = keyof typeof edgeKinds

export interface Edge {
  readonly from: number
  readonly to: number
  readonly kind: EdgeKind
  /** For people. */
  readonly why: string
}

/** Nodes are numbers from 0; edges are added, and then asked for by node. */
export class DependencyGraph {
  readonly #out: Edge[][] = []

  get nodeCount(): number {
    return this.#out.length
  }

  /** @returns its number. */
  addNode(): number {
    return this.#out.push([]) - 1
  }

  addEdge(from: number, to: number, kind: EdgeKind, why: string): void {
    if (from !== to) this.#out[from]!.push({ from, to, kind, why })
  }

  edgesFrom(node: number): readonly Edge[] {
    return this.#out[node]!
  }
}
