import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A server that a suite is run against; `stop` ends it and removes its data. */
export interface Server {
  readonly name: string
  readonly port: number
  stop(): Promise<void>
}

const startWithinMs = 60_000
const root = join(import.meta.dirname, '..')

/** A `redis-server` from the path, without persistence, on a free port of this machine. */
export async function startRedis(): Promise<Server> {
  const port = await freePort()
  const data = await mkdtemp(join(tmpdir(), 'conformance-redis-'))
  const options = { port, dir: data, save: '', 'enable-debug-command': 'yes', 'enable-module-command': 'yes' }
  const child = spawn(
    'redis-server',
    Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]),
    { stdio: 'ignore' },
  )
  await listening(child, port)
  return { name: 'redis', port, stop: () => stop(child, data) }
}

/** A cluster of this project's nodes on this machine, durable in a directory of its own; the port is the first node's. */
export async function startUnum(nodes: number): Promise<Server> {
  const data = await mkdtemp(join(tmpdir(), 'conformance-unum-'))
  const args = ['bin/unum.js', 'up', '--json', '--ports', 'auto', '--nodes', String(nodes), '--data', data]
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: child.stdout })) {
    const { ready, nodes: started } = JSON.parse(line)
    if (!ready) continue
    child.stdout.resume()
    const port = Number(started[0].endpoints.redis.split(':').at(-1))
    return { name: `unum, ${nodes} ${nodes === 1 ? 'node' : 'nodes'}`, port, stop: () => stop(child, data) }
  }
  throw new Error('unum did not become ready')
}

async function stop(child: ChildProcess, data: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGINT')
    await ended
  }
  await rm(data, { recursive: true, force: true })
}

async function listening(child: ChildProcess, port: number): Promise<void> {
  const giveUpAt = Date.now() + startWithinMs
  while (Date.now() < giveUpAt && child.exitCode === null) {
    if (await accepts(port)) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`redis-server does not listen on port ${port}`)
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => socket.destroy() && resolve(true))
    socket.once('error', () => resolve(false))
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
