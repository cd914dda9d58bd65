import { Simulation } from '#host/simulated/index.ts'
import { BlockCache } from './block-cache.ts'
import { openTree } from './open-tree.ts'
import { createSortedMapTree } from './sorted-map-tree.ts'
import type { TableCache } from './table-file.ts'
import type { TreeUnderTest } from './tree-compliance.ts'
import { checkTree } from './tree-compliance.ts'

checkTree('sorted map', async () => ({ tree: createSortedMapTree(), reopen: undefined, settle: (promise) => promise }))

async function makeTree(): Promise<TreeUnderTest> {
  const simulation = new Simulation({ seed: 1 })
  const { disk, clock } = simulation.machine('m').host
  const cache: TableCache = new BlockCache({ bytesMax: 1 << 20 })
  const open = () => simulation.complete(openTree({ disk, clock, directory: 'tables', cache }))
  const under = {
    tree: await open(),
    reopen: async () => {
      await simulation.complete(under.tree.close())
      under.tree = await open()
    },
    settle: <T>(promise: Promise<T>) => simulation.complete(promise),
  }
  return under
}

checkTree('merge tree', makeTree)
