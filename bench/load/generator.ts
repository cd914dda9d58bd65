/**
 * A load generator for the Redis protocol, as a process of its own. It prints a line of JSON per second and one for the whole.
 *
 * Open loop (`--rate` above 0): requests are due at random moments of that mean rate (a Poisson process), whatever the server
 * does, and a latency runs **from the moment when the request was due**: a server that stalls is charged for every request
 * that would have come meanwhile. Closed loop (`--rate 0`): each connection has `--depth` requests in flight.
 *
 * Run: node bench/load/generator.ts --at 127.0.0.1:6379 --rate 10000 --seconds 10 --op set|get|mixed|fill
 */
import { parseArgs } from 'node:util'
import { parseEndpoint } from '../sides/side.ts'
import { Histogram, type Percentiles, percentilesOf } from '../tools/histogram.ts'
import { LoadConnection } from './load-connection.ts'
import { Requests } from './requests.ts'

/** One line of the generator's output. */
export interface Interval extends Percentiles {
  /** Seconds since the start, at its end. Absent in the line for the whole. */
  readonly second?: number
  readonly opsPerSec: number
  /** By completion. */
  readonly operations: number
  readonly errors: number
  /** How much later than due requests were sent, 99th percentile: the generator's own fault where it is large. */
  readonly lateP99Ms: number
  readonly inFlight: number
}

const { values: given } = parseArgs({
  options: {
    at: { type: 'string' },
    connections: { type: 'string', default: '50' },
    depth: { type: 'string', default: '1' },
    rate: { type: 'string', default: '0' },
    seconds: { type: 'string', default: '10' },
    op: { type: 'string', default: 'set' },
    'set-share': { type: 'string', default: '0.5' },
    keys: { type: 'string', default: '100000' },
    'value-bytes': { type: 'string', default: '100' },
  },
})
const rate = Number(given.rate)
const seconds = Number(given.seconds)
const keys = Number(given.keys)
const depth = Number(given.depth)
/** How likely a request is a SET. */
const setShare = { set: 1, fill: 1, get: 0, mixed: Number(given['set-share']) }[given.op] ?? Number.NaN
if (Number.isNaN(setShare)) throw new Error(`--op is set, get, mixed or fill, not ${given.op}`)

/** The loop looks for due requests this often: a compromise between precision and processor time taken from the servers. */
const quantumMs = 0.1
/** Beyond it requests wait here, and their latency runs. */
const inFlightMax = 200_000
const drainMsMax = 5000

const requests = new Requests(Number(given['value-bytes']))
const current = { latencies: new Histogram(), late: new Histogram(), errors: 0 }
const total = { latencies: new Histogram(), late: new Histogram(), errors: 0 }
let inFlight = 0
let filled = 0

const endpoints = given.at!.split(',').map(parseEndpoint)
const connections = Array.from({ length: Number(given.connections) }, (_, i) => {
  const connection = new LoadConnection(endpoints[i % endpoints.length]!, (dueMs, isError) => {
    inFlight--
    if (isError) current.errors++
    else current.latencies.add((performance.now() - dueMs) * 1000)
    if (rate === 0) sendClosed(connection)
  })
  return connection
})
await Promise.all(connections.map((connection) => connection.connected))

const startMs = performance.now()
const endMs = startMs + seconds * 1000
let isSending = true
const timer = setInterval(report, 1000)
if (rate > 0) await sendOpen()
else await untilClosedEnd()
isSending = false
const drainUntilMs = performance.now() + drainMsMax
while (inFlight > 0 && performance.now() < drainUntilMs) await new Promise((resolve) => setTimeout(resolve, 1))
clearInterval(timer)
const elapsedSec = (performance.now() - startMs) / 1000
if (inFlight > 0) process.stderr.write(`${inFlight} requests were not answered\n`)
fold()
print({ ...figures(total, elapsedSec) })
process.exit(inFlight > 0 ? 1 : 0)

function nextRequest(): Buffer {
  if (given.op === 'fill') return requests.set(filled++)
  const key = Math.floor(Math.random() * keys)
  return setShare === 1 || (setShare > 0 && Math.random() < setShare) ? requests.set(key) : requests.get(key)
}

function sendClosed(connection: LoadConnection): void {
  if (!isSending || (given.op === 'fill' && filled >= keys)) return
  inFlight++
  connection.send(nextRequest(), performance.now())
}

async function untilClosedEnd(): Promise<void> {
  for (const connection of connections) for (let i = 0; i < depth; i++) sendClosed(connection)
  while (performance.now() < endMs && !(given.op === 'fill' && filled >= keys && inFlight === 0)) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

function sendOpen(): Promise<void> {
  const cell = new Int32Array(new SharedArrayBuffer(4))
  const gapMs = 1000 / rate
  let dueMs = startMs
  let turn = 0
  return new Promise((resolve) => {
    const tick = () => {
      const nowMs = performance.now()
      if (nowMs >= endMs) {
        resolve()
        return
      }
      while (dueMs <= nowMs && inFlight < inFlightMax) {
        inFlight++
        current.late.add((nowMs - dueMs) * 1000)
        connections[turn++ % connections.length]!.send(nextRequest(), dueMs)
        dueMs -= Math.log(1 - Math.random()) * gapMs
      }
      for (const connection of connections) connection.flush()
      // Timers are no finer than a millisecond. This sleeps; whatever arrives meanwhile is read right after.
      Atomics.wait(cell, 0, 0, quantumMs)
      setImmediate(tick)
    }
    tick()
  })
}

function report(): void {
  const second = Math.round((performance.now() - startMs) / 1000)
  print({ second, ...figures(current, 1) })
  fold()
}

function fold(): void {
  total.latencies.addAll(current.latencies)
  total.late.addAll(current.late)
  total.errors += current.errors
  current.latencies.reset()
  current.late.reset()
  current.errors = 0
}

function figures({ latencies, late, errors }: typeof current, elapsedSec: number): Interval {
  return {
    opsPerSec: latencies.count / elapsedSec,
    operations: latencies.count,
    ...percentilesOf(latencies),
    errors,
    lateP99Ms: late.at(0.99) / 1000,
    inFlight,
  }
}

function print(interval: Interval): void {
  process.stdout.write(`${JSON.stringify(interval)}\n`)
}
