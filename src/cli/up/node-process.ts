import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { NodeConfig, NodeMessage } from '../node/node-config.ts'
import { configVariable } from '../node/node-config.ts'

/** How a node process ended. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** What it said about itself, if it could. */
  readonly reason: string | undefined
  /** Starting it again would end the same way. */
  readonly final: boolean
}

export interface NodeProcess {
  readonly pid: number
  readonly startedAtMs: number
  kill(signal: NodeJS.Signals): void
}

export interface NodeProcessEvents {
  ready(endpoints: Readonly<Record<string, string>>): void
  /** Exactly once, last. */
  ended(ending: Ending): void
}

const mainFile = join(import.meta.dirname, '../main.ts')

/**
 * Starts a node on this process's own Node. It ends by itself when this process is gone, even killed: the channel between
 * them closes. It stays in this process's group, so that what is sent to the whole group reaches it.
 */
export function startNodeProcess(config: NodeConfig, events: NodeProcessEvents): NodeProcess {
  const child: ChildProcess = spawn(process.execPath, [...process.execArgv, mainFile, 'node', config.name], {
    env: { ...process.env, [configVariable]: JSON.stringify(config) },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  let reason: string | undefined
  let final = false
  let isOver = false
  const end = (code: number | null, signal: NodeJS.Signals | null) => {
    if (isOver) return
    isOver = true
    events.ended({ code, signal, reason, final })
  }
  child.on('message', (message: NodeMessage) => {
    if (message.kind === 'ready') events.ready(message.endpoints)
    else {
      reason = message.message
      final = message.final
    }
  })
  // What it said last may still be on its way when its end is known: the channel closes after it.
  child.on('exit', (code, signal) => {
    if (child.connected) child.once('disconnect', () => end(code, signal))
    else end(code, signal)
  })
  child.on('error', (error) => {
    if (child.pid !== undefined) return // it could not be signalled: it is over already
    reason = error.message
    end(null, null)
  })
  return {
    pid: child.pid ?? 0,
    startedAtMs: performance.now(),
    kill: (signal) => void child.kill(signal),
  }
}
