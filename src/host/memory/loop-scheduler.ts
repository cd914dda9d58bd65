import type { Process, Scheduler } from '../core/scheduler.ts'
import { turn } from '../node/turn.ts'

/** Real time for the in-memory disk and network: what has no delay happens at the end of the turn, in order. */
export const loopScheduler: Scheduler = {
  nowUs: () => performance.now() * 1000,
  after(delayUs, _kind, _machine, _digest, action) {
    if (delayUs <= 0) turn.defer(action)
    // Only timeouts wait here; none of them is a reason to keep the program alive.
    else setTimeout(action, delayUs / 1000).unref()
  },
  enter(process: Process, callback: () => void) {
    if (process.alive) callback()
  },
  atTurnEnd(process: Process, callback: () => void) {
    turn.defer(() => {
      if (process.alive) callback()
    })
  },
}
