import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** V8's format of a CPU profile, as `node --cpu-prof` writes it; only what is used. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
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

const notRunning = new Set(['(idle)', '(root)'])

/** Functions with the time spent in themselves, most first; `totalMs` is all of it without the idle time. */
export function selfTimes(profile: CpuProfile, root: string): { totalMs: number; functions: SelfTime[] } {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]))
  const sums = new Map<string, { name: string; place: string; selfMs: number }>()
  let totalMs = 0
  for (const [i, id] of profile.samples.entries()) {
    const { functionName, url, lineNumber } = frames.get(id)!
    if (notRunning.has(functionName)) continue
    const file = url.startsWith('file:') ? relative(root, fileURLToPath(url)) : url
    const place = file === '' ? '' : `${file}:${lineNumber + 1}`
    const key = `${functionName} ${place}`
    const sum = sums.get(key) ?? { name: functionName || '(anonymous)', place, selfMs: 0 }
    sums.set(key, sum)
    // A sample stands for the time until the next one.
    const ms = Math.max(0, profile.timeDeltas[i + 1] ?? 0) / 1000
    sum.selfMs += ms
    totalMs += ms
  }
  return { totalMs, functions: [...sums.values()].sort((a, b) => b.selfMs - a.selfMs) }
}
