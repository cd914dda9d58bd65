import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { freePorts } from '../sides/ports.ts'
import { Child } from '../tools/child.ts'
import { node } from '../tools/root.ts'
import { median } from '../tools/statistics.ts'

/** A disk and a network as they are elsewhere. */
export interface Condition {
  readonly name: string
  /** Added to every sync; 0: as the disk is. */
  readonly syncMs: number
  /** Added to a round trip between nodes; 0: as the loopback is. */
  readonly roundTripMs: number
}

export const conditions: readonly Condition[] = [
  { name: 'as it is', syncMs: 0, roundTripMs: 0 },
  { name: 'syncs 2 ms longer', syncMs: 2, roundTripMs: 0 },
  { name: 'round trips 1 ms longer', syncMs: 0, roundTripMs: 1 },
  { name: 'both', syncMs: 2, roundTripMs: 1 },
]

/** Why syncs cannot be slowed down here; undefined where they can. */
export function slowDiskIsMissing(): string | undefined {
  for (const [program, why] of [
    ['cc', 'compiles what slows our syncs down (apt-get install gcc libc6-dev)'],
    ['strace', "slows etcd's syncs down (apt-get install strace)"],
  ] as const) {
    try {
      execFileSync(program, ['--version'], { stdio: 'ignore' })
    } catch {
      return `${program} is missing, which ${why}`
    }
  }
  return undefined
}

/** Compiles `slow-sync.c`. */
export class SlowSync implements Disposable {
  readonly #folder: string
  readonly #us: number

  constructor(dataFolder: string, syncMs: number) {
    this.#us = Math.round(syncMs * 1000)
    this.#folder = mkdtempSync(join(dataFolder, 'slow-sync-'))
    const source = join(import.meta.dirname, 'slow-sync.c')
    execFileSync('cc', ['-O2', '-shared', '-fPIC', '-o', this.#library, source], { timeout: 60_000 })
  }

  /** Environment of a dynamically linked program. */
  get env(): Record<string, string> {
    return { LD_PRELOAD: this.#library, SLOW_SYNC_US: `${this.#us}` }
  }

  /** What a statically linked program is started with. All other system calls run at full speed: only these are stopped at. */
  get tracer(): string[] {
    const calls = 'fsync,fdatasync'
    const flags = ['-f', '--seccomp-bpf', '-qqq', '-o', '/dev/null', '-e', `trace=${calls}`]
    return ['strace', ...flags, '-e', `inject=${calls}:delay_exit=${this.#us}`]
  }

  get #library(): string {
    return join(this.#folder, 'slow-sync.so')
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

const relayReadyMsMax = 10_000

export interface Relay extends AsyncDisposable {
  readonly pid: number
  /** For each target the port that leads to it, late. */
  readonly ports: readonly number[]
  /** A small message there and back, through it, in ms. */
  readonly measuredMs: number
}

/** Puts a relay before each port: half of the round trip each way. */
export async function startRelay(targets: readonly number[], roundTripMs: number): Promise<Relay> {
  const echo = createServer({ noDelay: true }, (socket) => socket.pipe(socket).on('error', () => {}))
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
  const all = [...targets, (echo.address() as AddressInfo).port]
  const ports = await freePorts(all.length)
  const program = join(import.meta.dirname, 'relay.ts')
  const child = new Child(node, [program, `${roundTripMs / 2}`, ...ports.map((port, i) => `${port}:${all[i]}`)])
  try {
    await child.firstLine((line) => line === 'listening' || undefined, relayReadyMsMax)
    const measuredMs = await roundTrip(ports.at(-1)!)
    return { pid: child.pid, ports: ports.slice(0, -1), measuredMs, [Symbol.asyncDispose]: () => child.stop() }
  } catch (error) {
    await child.stop('SIGKILL')
    throw error
  } finally {
    echo.close()
  }
}

function roundTrip(port: number): Promise<number> {
  const took: number[] = []
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    socket.setTimeout(relayReadyMsMax, () => socket.destroy(new Error('the relay does not answer')))
    let sentMs = 0
    const send = () => {
      sentMs = performance.now()
      socket.write('x')
    }
    socket.on('connect', send).on('error', reject)
    socket.on('data', () => {
      took.push(performance.now() - sentMs)
      if (took.length < 200) send()
      else {
        socket.destroy()
        resolve(median(took))
      }
    })
  })
}
