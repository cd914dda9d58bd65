import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** V8's format of a CPU profile, as `node --cpu-prof` writes it; only what is used. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
    /** Of those that it called. */
    readonly children?: readonly number[]
  }[]
  readonly samples: readonly number[]
  /** µs before each sample. */
  readonly timeDeltas: readonly number[]
}

export interface SelfTime {
  readonly name: string
  /** `src/kernel/…/x.ts:12`, or empty for what is inside the machine. */
  readonly place: string
  readonly selfMs: number
}

/** Where a function is, relative to `root`. */
export function placeOf(url: string, lineNumber: number, root: string): string {
  const file = url.startsWith('file:') ? relative(root, fileURLToPath(url)) : url
  return file === '' ? '' : `${file}:${lineNumber + 1}`
}

/** By node: a sample stands for the time until the next one. */
export function sampledMs({ samples, timeDeltas }: CpuProfile): ReadonlyMap<number, number> {
  const times = new Map<number, number>()
  for (const [i, id] of samples.entries()) {
    times.set(id, (times.get(id) ?? 0) + Math.max(0, timeDeltas[i + 1] ?? 0) / 1000)
  }
  return times
}

const notRunning = new Set(['(idle)', '(root)'])

/** Functions with the time spent in themselves, most first; `totalMs` is all of it without the idle time. */
export function selfTimes(profile: CpuProfile, root: string): { totalMs: number; functions: SelfTime[] } {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]))
  const times = sampledMs(profile)
  const sums = new Map<string, { name: string; place: string; selfMs: number }>()
  let totalMs = 0
  for (const [id, ms] of times) {
    const { functionName, url, lineNumber } = frames.get(id)!
    if (notRunning.has(functionName)) continue
    const place = placeOf(url, lineNumber, root)
    const key = `${functionName} ${place}`
    const sum = sums.get(key) ?? { name: functionName || '(anonymous)', place, selfMs: 0 }
    sums.set(key, sum)
    sum.selfMs += ms
    totalMs += ms
  }
  return { totalMs, functions: [...sums.values()].sort((a, b) => b.selfMs - a.selfMs) }
}
