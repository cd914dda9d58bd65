import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { onEnd, run, signal } from '../tools/child.ts'
import { peers } from '../tools/root.ts'
import { freePorts } from './ports.ts'
import type { Side } from './side.ts'

export interface EtcdSide extends Side {
  /** For its client: `127.0.0.1:23790,…`, the nodes in order. */
  readonly endpoints: string
}

/** The first start builds etcd and its client from source. */
const startMsMax = 900_000
const stopMsMax = 30_000

export const etcdScripts = join(peers, 'etcd')

/** Why etcd cannot be measured here; undefined where it can. */
export function etcdIsMissing(): string | undefined {
  const start = join(etcdScripts, 'start')
  return existsSync(start) ? undefined : `no etcd: ${start} is not there (UNUM_PEERS names another folder)`
}

/** Where the scripts keep what they have built. */
export const etcdProgram = () => join(process.env.PEERS_CACHE ?? join(homedir(), '.cache/unum-peers'), 'etcd/etcd')

/** Three nodes, started and stopped by the scripts beside which their client is. */
export async function startEtcd(dataFolder: string): Promise<EtcdSide> {
  const folder = mkdtempSync(join(dataFolder, 'etcd-'))
  const pids = () => {
    const file = join(folder, 'pids')
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number) : []
  }
  const kill = () => {
    for (const pid of pids()) signal(pid, 'SIGKILL')
  }
  const forget = onEnd(kill) // its nodes have left our process groups
  const stop = async () => {
    try {
      await run(join(etcdScripts, 'stop'), [folder], stopMsMax)
    } finally {
      kill()
      forget()
      rmSync(folder, { recursive: true, force: true })
    }
  }
  try {
    const base = await firstOfThirty()
    const ready = JSON.parse(
      await run(join(etcdScripts, 'start'), ['--data', folder, '--base-port', `${base}`], startMsMax),
    ) as { version: string; endpoints: string }
    const { version, endpoints } = ready
    return { name: 'etcd', version, servers: pids(), endpoints, [Symbol.asyncDispose]: stop }
  } catch (error) {
    if (existsSync(join(folder, 'pids'))) await stop()
    throw error
  }
}

/** The scripts take thirty ports in a row; they refuse where one is taken. Below those of outgoing connections. */
async function firstOfThirty(): Promise<number> {
  const [port] = (await freePorts(1)) as [number]
  return 20_000 + (port % 1000) * 10
}
