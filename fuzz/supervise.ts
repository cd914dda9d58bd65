import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import {
  type Finding,
  inputSeedText,
  type Problem,
  remakeInput,
  type SessionReport,
} from '#kernel/base/testing/fuzz/index.ts'
import { type Assignment, progressSlots, type WorkerMessage } from './messages.ts'
import type { FoundTarget } from './targets.ts'

/** What ends a worker. */
export interface WorkerLimits {
  /** A run that makes no progress for so long never will. */
  readonly stallMsMax: number
  /** Of its objects; buffers have a bound of their own. */
  readonly heapMegabytesMax: number
}

/** Within which a thread ends that is told to. */
const terminateMsMax = 3000

const workerLimits: WorkerLimits = { stallMsMax: 15_000, heapMegabytesMax: 512 }

export interface SuperviseOptions {
  readonly found: FoundTarget
  readonly seed: number
  readonly inputsMax: number
  readonly msMax: number
  readonly limits?: WorkerLimits
}

/** Runs a session in a thread of its own, and finds out which input it was that took the thread with it. */
export async function supervise(options: SuperviseOptions): Promise<SessionReport> {
  const { found, seed, inputsMax, msMax, limits = workerLimits } = options
  const { target, path, name } = found
  const progress = new SharedArrayBuffer(progressSlots * 4)
  const slots = new Int32Array(progress)
  const workerData: Assignment = { place: { path, name }, seed, inputsMax, msMax, progress }
  const startedMs = performance.now()
  const { report, problem } = await watch(workerData, slots, limits)
  if (report) return report
  const chain = [...slots.slice(2, 2 + slots[1]!)]
  const madeBy = { seed, chain }
  const finding: Finding = {
    ...{ target: name, seed: inputSeedText(madeBy), problem },
    input: chain.length === 0 ? new Uint8Array(0) : await remakeInput(target, madeBy),
  }
  const seconds = (performance.now() - startedMs) / 1000
  const unknown = { outcomes: 0, slowestMs: 0, slowest: '', retainedBytes: 0 }
  return { target: name, seed, inputs: slots[0]!, seconds, ...unknown, finding }
}

/** Either a report, or what ended the worker before it could make one. */
type Watched =
  | { readonly report: SessionReport; readonly problem?: undefined }
  | { readonly report?: undefined; readonly problem: Problem }

async function watch(workerData: Assignment, slots: Int32Array, limits: WorkerLimits): Promise<Watched> {
  const { stallMsMax, heapMegabytesMax } = limits
  const worker = new Worker(join(import.meta.dirname, 'worker.ts'), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytesMax },
  })
  let report: SessionReport | undefined
  let problem: Problem = {
    ...{ kind: 'hang', what: 'no end', details: 'a promise is never settled: nothing is left that could settle it' },
  }
  const abandoned = Promise.withResolvers<void>()
  let seen = slots[0]
  let seenMs = performance.now()
  const stallTimer = setInterval(() => {
    if (report || slots[0] !== seen) {
      seen = slots[0]
      seenMs = performance.now()
    } else if (performance.now() - seenMs > stallMsMax) {
      problem = { kind: 'hang', what: 'no end', details: `no end after ${stallMsMax / 1000} s` }
      clearInterval(stallTimer)
      void worker.terminate()
      // A thread that is out of memory may not even end when it is told to: it is left behind.
      worker.unref()
      setTimeout(abandoned.resolve, terminateMsMax)
    }
  }, stallMsMax / 30)
  worker.on('message', (message: WorkerMessage) => {
    if (message.kind === 'report') report = message.report
    else if (report?.finding) report = { ...report, finding: { ...report.finding, input: message.input } }
  })
  worker.on('error', (error: NodeJS.ErrnoException) => {
    const isFull = error.code === 'ERR_WORKER_OUT_OF_MEMORY'
    const details = isFull ? `more than ${heapMegabytesMax} MiB of objects` : (error.stack ?? String(error))
    problem = { kind: isFull ? 'memory' : 'crash', what: isFull ? 'out of memory' : error.name, details }
  })
  await Promise.race([new Promise((resolve) => worker.on('exit', resolve)), abandoned.promise])
  clearInterval(stallTimer)
  return report ? { report } : { problem }
}
