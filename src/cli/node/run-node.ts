import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createNodeHost } from '#host/node/index.ts'
import { lockRoot } from '#host/node/root-lock.ts'
import type { ErrorCode } from '#kernel/base/errors.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { Host } from '#kernel/base/host.ts'
import { startNode } from '#node/node.ts'
import { services } from '#node/services.ts'
import { defaultSettings } from '#node/settings.ts'
import { formatAddress } from '../address.ts'
import { Failure, printFailure } from '../failure.ts'
import { refuseUnlessLoopback } from '../loopback.ts'
import type { NodeConfig, NodeMessage } from './node-config.ts'
import { configVariable } from './node-config.ts'
import type { NodeLog } from './node-log.ts'
import { createNodeLog } from './node-log.ts'

/** An earlier process of this node may need a moment to end: it lost the one that started it. */
const predecessorMsMax = 8000
const stopMsMax = 10_000

/** Starting again after one of these would end the same way. */
const finalCodes: ReadonlySet<ErrorCode> = new Set([
  'CONFIGURATION_INVALID',
  'CLUSTER_MISMATCH',
  'FORMAT_UNKNOWN',
  'DATA_DAMAGED',
  'ADDRESS_UNAVAILABLE',
] as const)

/**
 * `unum node`: one node on this machine, until it is told to stop, or the process that started it is gone.
 * Internal: `unum up` starts it.
 */
export async function runNode(): Promise<void> {
  const config = readConfig()
  process.title = `unum ${config.name}`
  try {
    await serve(config)
  } catch (error) {
    process.exitCode = 1
    if (error instanceof UnumError && process.connected) {
      await tell({ kind: 'failed', message: error.message, final: finalCodes.has(error.code) })
    } else printFailure(error)
  }
  process.exit() // whatever a start that was broken off has left open
}

async function serve(config: NodeConfig): Promise<void> {
  for (const { host } of Object.values(config.listen)) refuseUnlessLoopback(host)
  for (const { peer } of config.members) refuseUnlessLoopback(peer.host)
  const { promise: ended, resolve: stop, reject: fail } = Promise.withResolvers<void>()
  onAskedToStop(stop)
  mkdirSync(config.folder, { recursive: true, mode: 0o700 })
  const lock = await lockFolder(config.folder)
  const pidFile = join(config.folder, 'node.pid')
  writeFileSync(pidFile, `${process.pid}\n`)
  const log = createNodeLog(config.name, join(config.folder, 'node.log'))
  process.on('uncaughtExceptionMonitor', (error) => {
    log.error({ error: String(error), stack: error.stack }, 'Crashed')
  })
  const host = createNodeHost({ root: join(config.folder, 'data') })
  try {
    let started: Started | undefined
    const whenStarted = (node: Started) => {
      started = node
      log.speaks = true
      return tell({ kind: 'ready', endpoints: node.endpoints })
    }
    start(config, host, log, fail).then(whenStarted).catch(fail)
    await ended
    log.speaks = false
    if (started === undefined) return // asked to stop before anything was promised to anybody
    setTimeout(() => process.exit(1), stopMsMax).unref() // an orderly stop that hangs must not keep the process
    await started.stop()
    log.info({}, 'Stopped')
  } finally {
    await log.open()
    await host.close()
    rmSync(pidFile, { force: true })
    lock.release()
  }
}

interface Started {
  readonly endpoints: Readonly<Record<string, string>>
  stop(): Promise<void>
}

async function start(config: NodeConfig, host: Host, log: NodeLog, failed: (error: Error) => void): Promise<Started> {
  const { admin, ...listen } = config.listen
  const advertise = { admin: `http://${formatAddress(admin)}` }
  const { name, members, clusterId, shards } = config
  const bootstrap = shards === undefined ? undefined : { clusterId, shards }
  const node = await startNode({
    ...{ host, name, members, clusterId, bootstrap, services, listen, advertise, log, failed },
    settings: defaultSettings,
  })
  const { startAdminServer } = await import('#console/admin-server.ts')
  const adminServer = await startAdminServer(node, admin)
  const ofServices = Object.entries(node.endpoints).map(([protocol, address]) => [protocol, formatAddress(address)])
  const endpoints = { ...Object.fromEntries(ofServices), ...advertise }
  log.info({ clusterId: node.clusterId, endpoints }, 'Ready')
  setImmediate(() => void log.open())
  const stop = async () => {
    await adminServer.close()
    await node.stop()
  }
  return { endpoints, stop }
}

function readConfig(): NodeConfig {
  const text = process.env[configVariable]
  if (text === undefined) throw new Failure('"unum node" is started by "unum up" and not by hand yet: use that')
  return JSON.parse(text)
}

async function lockFolder(folder: string): Promise<{ release(): void }> {
  const untilMs = performance.now() + predecessorMsMax
  for (;;) {
    try {
      return lockRoot(folder)
    } catch (error) {
      if (!(error instanceof UnumError) || performance.now() > untilMs) throw error
      await sleep(50)
    }
  }
}

/** Ctrl-C reaches the whole process group, and what started us asks as well: any number of requests is one. */
function onAskedToStop(stop: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const) process.on(signal, stop)
}

function tell(message: NodeMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send && process.connected) process.send(message, () => resolve())
    else resolve()
  })
}
