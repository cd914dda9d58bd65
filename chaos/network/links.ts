import type { ChaosNetwork, Link, LinkState } from './chaos-network.ts'

type Disturbance = Exclude<LinkState, 'whole'>

/** Which links are disturbed, and by how many faults: one that two faults cut is whole when both are over. */
export class Links {
  readonly #network: Pick<ChaosNetwork, 'setLink'>
  readonly #counts = new Map<string, { readonly link: Link; cut: number; slow: number }>()

  constructor(network: Pick<ChaosNetwork, 'setLink'>) {
    this.#network = network
  }

  /** @returns what ends it; idempotent. */
  disturb(links: readonly Link[], how: Disturbance): () => void {
    this.#add(links, how, 1)
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      this.#add(links, how, -1)
    }
  }

  #add(links: readonly Link[], how: Disturbance, change: 1 | -1): void {
    for (const link of links) {
      const key = link.join('>')
      const counts = this.#counts.get(key) ?? { link, cut: 0, slow: 0 }
      this.#counts.set(key, counts)
      const before = stateOf(counts)
      counts[how] += change
      const after = stateOf(counts)
      if (after !== before) this.#network.setLink(link, after)
    }
  }
}

function stateOf({ cut, slow }: { readonly cut: number; readonly slow: number }): LinkState {
  if (cut > 0) return 'cut'
  return slow > 0 ? 'slow' : 'whole'
}
