import { Simulation } from '#host/simulated/index.ts'
import { BlockCache } from '../block-cache.ts'
import type { TreeLimits } from '../compaction.ts'
import { openTree } from '../open-tree.ts'
import type { TableCache } from '../table-file.ts'
import type { Tree } from '../tree.ts'
import type { TreeUnderTest } from '../tree-compliance.ts'

/** Limits so small that a few hundred rows pass through all mechanisms. */
export const tinyLimits: TreeLimits = {
  fileBytesMax: 2_000,
  level0FilesMax: 2,
  level0FilesStop: 6,
  level1BytesMax: 6_000,
}

export interface SimulatedTree extends TreeUnderTest {
  tree: Tree
  readonly simulation: Simulation
  reopen(): Promise<void>
}

/** A tree on a machine of a simulation of its own. */
export async function simulatedTree(options: {
  readonly seed: number
  readonly cacheBytes?: number
  readonly limits?: TreeLimits
}): Promise<SimulatedTree> {
  const simulation = new Simulation({ seed: options.seed })
  const { disk, clock } = simulation.machine('m').host
  const open = () => {
    const cache: TableCache = new BlockCache({ bytesMax: options.cacheBytes ?? 1 << 20 })
    const { limits } = options
    const compactionFailed = (error: Error) => {
      throw error
    }
    return simulation.complete(
      openTree({ disk, clock, directory: 'tables', cache, compactionFailed, ...(limits && { limits }) }),
    )
  }
  const under: SimulatedTree = {
    simulation,
    tree: await open(),
    async reopen() {
      await simulation.complete(under.tree.close())
      under.tree = await open()
    },
    settle: (promise) => simulation.complete(promise),
  }
  return under
}
