import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Child, run } from '../tools/child.ts'
import { freePorts } from './ports.ts'
import type { RedisSide } from './side.ts'

const readyMsMax = 10_000

const durability = {
  'redis-always': ['--appendonly', 'yes', '--appendfsync', 'always'],
  'redis-memory': ['--appendonly', 'no'],
} as const

/** One Redis of the system's packages. `redis-always` acknowledges a write when it is synced. */
export async function startRedis(name: keyof typeof durability, dataFolder: string): Promise<RedisSide> {
  const version = /v=(\S+)/.exec(await run('redis-server', ['--version'], readyMsMax))?.[1] ?? 'unknown'
  const folder = mkdtempSync(join(dataFolder, 'redis-'))
  const [port] = (await freePorts(1)) as [number]
  const child = new Child('redis-server', [
    ...['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', ''],
    ...durability[name],
  ])
  const stop = async () => {
    await child.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await child.firstLine((line) => (line.includes('Ready to accept connections') ? line : undefined), readyMsMax)
  } catch (error) {
    await stop()
    throw error
  }
  return { name, version, servers: [child.pid], endpoints: [{ host: '127.0.0.1', port }], [Symbol.asyncDispose]: stop }
}
