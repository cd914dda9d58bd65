/** One session in a thread of its own, so that a run that never ends, or eats all memory, can be stopped. */

import { parentPort, workerData } from 'node:worker_threads'
import { minimise, runSession } from '#kernel/base/testing/fuzz/index.ts'
import type { Assignment, WorkerMessage } from './messages.ts'
import { loadTarget } from './targets.ts'
import { createUsedBytes } from './used-bytes.ts'

const minimiseMsMax = 20_000

const { place, seed, inputsMax, msMax, progress } = workerData as Assignment
const slots = new Int32Array(progress)
const tell = (message: WorkerMessage) => parentPort!.postMessage(message)

async function main(): Promise<void> {
  const target = await loadTarget(place)
  const report = await runSession({
    ...{ target, seed, inputsMax, msMax, usedBytes: createUsedBytes() },
    beginning: (number, chain) => {
      const numbers = chain()
      slots[0] = number
      slots[1] = numbers.length
      for (let i = 0; i < numbers.length; i++) slots[2 + i] = numbers[i]!
    },
  })
  tell({ kind: 'report', report })
  if (report.finding && report.finding.problem.kind !== 'memory') {
    const { input, problem } = report.finding
    tell({ kind: 'minimised', input: await minimise(target, input, problem.what, { msMax: minimiseMsMax }) })
  }
}

// Not awaited: should a target's promise never be settled, the thread just ends, and whoever watches it says so.
void main()
