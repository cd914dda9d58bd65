import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Measures what this thread's objects and buffers take once garbage is collected. */
export function createUsedBytes(): () => number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  return () => {
    // What the first collection finds to be dead may hold buffers that only the second lets go of.
    collect()
    collect()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
}
