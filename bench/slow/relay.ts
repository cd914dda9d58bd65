/**
 * A slow network: relays TCP connections, each way a fixed time late. One relay per `PORT:TARGET_PORT` given.
 *
 * It sleeps in tenths of a millisecond while something is under way (timers are no finer than a millisecond), and not at all
 * otherwise. Prints one line when it listens.
 *
 * Run: node bench/slow/relay.ts DELAY_MS PORT:TARGET_PORT …
 */
import { connect, createServer, type Socket } from 'node:net'

const [delayText, ...routes] = process.argv.slice(2)
const delayMs = Number(delayText)
const quantumMs = 0.1
/** Of one connection and direction; beyond it the sender waits. */
const heldBytesMax = 16 << 20

interface Held {
  readonly dueMs: number
  /** Undefined: the end. */
  readonly bytes: Buffer | undefined
  readonly to: Socket
  readonly from: Socket
}

/** Oldest first: all are held equally long. */
let held: Held[] = []
let isTicking = false
const heldBytes = new Map<Socket, number>()
const cell = new Int32Array(new SharedArrayBuffer(4))

function hold(from: Socket, to: Socket, bytes: Buffer | undefined): void {
  held.push({ dueMs: performance.now() + delayMs, bytes, to, from })
  const sum = (heldBytes.get(from) ?? 0) + (bytes?.length ?? 0)
  heldBytes.set(from, sum)
  if (sum + to.writableLength > heldBytesMax) from.pause()
  if (isTicking) return
  isTicking = true
  setImmediate(tick)
}

function tick(): void {
  const nowMs = performance.now()
  const waiting = held.findIndex(({ dueMs }) => dueMs > nowMs)
  const due = waiting < 0 ? held : held.slice(0, waiting)
  held = waiting < 0 ? [] : held.slice(waiting)
  for (const { bytes, from, to } of due) {
    if (bytes === undefined) to.end()
    else {
      to.write(bytes)
      heldBytes.set(from, heldBytes.get(from)! - bytes.length)
      if (from.isPaused()) from.resume()
    }
  }
  if (held.length === 0) {
    isTicking = false
    return
  }
  Atomics.wait(cell, 0, 0, quantumMs)
  setImmediate(tick)
}

function pipe(from: Socket, to: Socket): void {
  from.on('data', (bytes: Buffer) => hold(from, to, bytes))
  from.on('end', () => hold(from, to, undefined))
  from.on('error', () => to.destroy())
  from.on('close', (hadError) => {
    heldBytes.delete(from)
    if (hadError) to.destroy()
  })
}

await Promise.all(
  routes.map((route) => {
    const [port, target] = route.split(':').map(Number) as [number, number]
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (incoming) => {
      const outgoing = connect({ host: '127.0.0.1', port: target, allowHalfOpen: true, noDelay: true })
      pipe(incoming, outgoing)
      pipe(outgoing, incoming)
    })
    return new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  }),
)
process.stdout.write('listening\n')
