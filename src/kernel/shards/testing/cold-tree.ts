import { latin1Text } from '#kernel/base/bytes.ts'
import { createSortedMapTree } from '#kernel/storage/tables/index.ts'
import { BlockMiss, type Tree } from '#kernel/storage/tables/tree.ts'

/** A tree of which a test says which keys are not in memory, and when they have been loaded. */
export interface ColdTree extends Tree {
  /** Keys that are on disk only. A pinned one cannot be made cold. */
  chill(key: string): void
  /** Ends the oldest load that is under way. @returns whether there was one */
  loadOne(error?: Error): boolean
  /** Loads under way. */
  loading(): number
  /** Keys pinned for evaluations. */
  pinned(): number
}

export function createColdTree(): ColdTree {
  const cold = new Set<string>()
  const pinned = new Set<string>()
  const loads: { readonly key: string; readonly end: (error?: Error) => void }[] = []
  const tree = createSortedMapTree()
  const get = tree.get.bind(tree)
  return Object.assign(tree, {
    get(key: Uint8Array) {
      const text = latin1Text(key)
      if (!cold.has(text)) return get(key)
      const miss = new BlockMiss()
      miss.block = text
      throw miss
    },
    load: (block: unknown) =>
      new Promise<void>((resolve, reject) => {
        const key = block as string
        const end = (error?: Error) => {
          if (error) return reject(error)
          cold.delete(key)
          pinned.add(key)
          resolve()
        }
        loads.push({ key, end })
      }),
    unpin: () => pinned.clear(),
    chill(key: string) {
      if (!pinned.has(key)) cold.add(key)
    },
    loadOne(error?: Error) {
      const load = loads.shift()
      load?.end(error)
      return load !== undefined
    },
    loading: () => loads.length,
    pinned: () => pinned.size,
  })
}
