import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNodeHost } from '#host/node/index.ts'
import type { Host } from '#kernel/base/host.ts'
import type { Transport, TransportLimits } from './index.ts'
import { openTransport } from './index.ts'

/**
 * Two transports in one process on one core, over loopback: node src/kernel/transport/transport.bench.ts
 *
 * Medians of three rounds. Both sides share the core: CPU per item is that of sender and receiver together, the system's part included, and a
 * pair of processes has up to twice the rate. On a machine that is busy with other things trust the CPU, not the rate.
 */
const channel = 1

interface Pair {
  readonly a: Transport
  readonly b: Transport
}

async function openPair(host: Host, limits: Partial<TransportLimits> = {}): Promise<Pair> {
  const { clock, network, random } = host
  const loopback = { host: '127.0.0.1', port: 0 }
  const open = (id: number) =>
    openTransport({
      ...{ clock, network, random: random.child(`n${id}`), limits, clusterId: 'bench', peers: [], listen: loopback },
      self: { id, name: `n${id}` },
      protocolVersions: { min: 1, max: 1 },
      log: { info() {}, warn() {} },
    })
  const [a, b] = [await open(1), await open(2)]
  a.addPeer({ id: 2, name: 'n2', address: b.address })
  b.addPeer({ id: 1, name: 'n1', address: a.address })
  while (!a.connected(2) || !b.connected(1)) await clock.sleep(1)
  return { a, b }
}

/** One-way frames, up to half a megabyte of them on its way. */
async function sendFrames({ a }: Pair, bodyBytes: number, count: number): Promise<void> {
  const body = new Uint8Array(bodyBytes).fill(7)
  const underWayMax = Math.ceil(524_288 / (bodyBytes + 12))
  let received = 0
  let sent = 0
  const send = () => {
    for (; sent < count && sent - received < underWayMax; sent++) {
      a.begin(2, channel)!.raw(body)
      a.finish(2)
    }
  }
  return new Promise((resolve) => {
    onMessage = () => {
      if (++received === count) resolve()
      else if (sent - received === underWayMax >> 1) send()
    }
    send()
  })
}
let onMessage: () => void = () => {}

/** One frame at a time, to and fro: `count` turns on each side. */
async function bounceFrame({ a, b }: Pair, bodyBytes: number, count: number): Promise<void> {
  const body = new Uint8Array(bodyBytes).fill(7)
  const send = (from: Transport, to: number) => {
    from.begin(to, channel + 1)!.raw(body)
    from.finish(to)
  }
  let left = count
  return new Promise((resolve) => {
    atB = () => send(b, 1)
    atA = () => {
      if (--left > 0) send(a, 2)
      else resolve()
    }
    send(a, 2)
  })
}
let atA: () => void = () => {}
let atB: () => void = () => {}

/** Requests of 20 bytes, so many of them outstanding. */
async function askAndAnswer({ a }: Pair, outstanding: number, count: number): Promise<void> {
  const body = new Uint8Array(20)
  let answered = 0
  let asked = 0
  return new Promise((resolve, reject) => {
    const callbacks = {
      replied: () => {
        if (++answered === count) resolve()
        else if (asked < count) ask()
      },
      failed: reject,
    }
    const ask = () => {
      asked++
      a.request(2, channel, (writer) => writer.raw(body), { timeoutMs: 10_000 }, callbacks)
    }
    while (asked < outstanding) ask()
  })
}

async function sendBulk({ a }: Pair, chunkBytes: number, bytes: number): Promise<void> {
  const chunk = new Uint8Array(chunkBytes).fill(5)
  const writer = a.openBulk(2, channel, new Uint8Array(0))
  for (let sent = 0; sent < bytes; sent += chunkBytes) await writer.write(chunk)
  await writer.end()
}

/** Runs it three times and prints the median: items a second, and CPU for each. */
async function measure(what: string, unit: string, count: number, run: () => Promise<void>): Promise<void> {
  const rounds: { wallUs: number; cpuUs: number }[] = []
  for (let round = 0; round < 3; round++) {
    const startMs = performance.now()
    const startCpu = process.cpuUsage()
    await run()
    const { user, system } = process.cpuUsage(startCpu)
    rounds.push({ wallUs: (performance.now() - startMs) * 1000, cpuUs: user + system })
  }
  const middle = (of: 'wallUs' | 'cpuUs') => rounds.map((round) => round[of]).sort((x, y) => x - y)[1]!
  const rate = Math.round((count / middle('wallUs')) * 1e6).toLocaleString('en')
  console.log(
    `${what.padEnd(44)} ${rate.padStart(10)} ${unit}/s  ${(middle('cpuUs') / count).toFixed(2).padStart(8)} µs of CPU each`,
  )
}

const root = mkdtempSync(join(tmpdir(), 'transport-bench-'))
const host = createNodeHost({ root })
const pair = await openPair(host)
pair.b.register(channel, () => onMessage())
pair.b.register(channel + 1, () => atB())
pair.a.register(channel + 1, () => atA())
pair.b.serve(channel, (request) => request.reply((writer) => writer.raw(request.bytes)))
pair.b.onBulk(channel, async (stream) => {
  while (await stream.read());
})

const gibibyte = 1 << 30
await measure('one-way, 100 bytes, many a turn', 'frames', 1_000_000, () => sendFrames(pair, 100, 1_000_000))
await measure('one-way, 5,000 bytes, many a turn', 'frames', 200_000, () => sendFrames(pair, 5000, 200_000))
await measure('100 bytes to and fro, one a turn', 'turns', 40_000, () => bounceFrame(pair, 100, 20_000))
await measure('5,000 bytes to and fro, one a turn', 'turns', 40_000, () => bounceFrame(pair, 5000, 20_000))
await measure('requests of 20 bytes, 1 outstanding', 'requests', 20_000, () => askAndAnswer(pair, 1, 20_000))
await measure('requests of 20 bytes, 1,000 outstanding', 'requests', 500_000, () => askAndAnswer(pair, 1000, 500_000))
await measure('bulk in pieces of 256 KiB', 'MB', gibibyte / 1e6, () => sendBulk(pair, 256 << 10, gibibyte))
await measure('bulk in pieces of 64 KiB', 'MB', gibibyte / 1e6, () => sendBulk(pair, 64 << 10, gibibyte))

await Promise.all([pair.a.close(), pair.b.close()])
await host.close()
rmSync(root, { recursive: true })
