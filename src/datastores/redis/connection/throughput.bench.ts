/**
 * How fast connections are without shards: redis-benchmark against the service on the operating system's host, over a gateway
 * that runs evaluators on a map at once and answers writes at the end of the turn. Run it with
 * `node src/datastores/redis/connection/throughput.bench.ts`; `--serve` only listens.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createNodeHost } from '#host/node/index.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { copyBytes, latin1Text } from '#kernel/base/bytes.ts'
import type { Gateway, PendingReply, ServiceContext } from '#kernel/handles/service.ts'
import { noTopics } from '#kernel/handles/testing/no-topics.ts'
import type { Evaluation } from '#kernel/shards/evaluation.ts'
import { redis } from '../index.ts'
import { slotCount } from '../slots.ts'

const rows = new Map<string, Uint8Array>()
const counters = new Map<string, number>()
const evaluation: Evaluation = {
  timestampUs: Date.now() * 1000,
  get: (key) => rows.get(latin1Text(key)),
  put: (key, value) => void rows.set(latin1Text(key), copyBytes(value)),
  delete: (key) => void rows.delete(latin1Text(key)),
  deleteRange: () => rows.clear(),
  scan: () => ({ next: () => false, key: new Uint8Array(0), value: new Uint8Array(0) }),
  count: (name, delta) => void counters.set(name, (counters.get(name) ?? 0) + delta),
  counter: (name) => counters.get(name) ?? 0,
  savepoint: () => 0,
  rollback: () => {},
}

const host = createNodeHost({ root: mkdtempSync(join(tmpdir(), 'redis-bench-')) })
const evaluators = new Map(redis.evaluators.map((spec) => [spec.name.slice(0, spec.name.lastIndexOf('@')), spec]))
let answers: { readonly pending: PendingReply; readonly bytes: Uint8Array }[] = []
const answerAll = () => {
  const known = answers
  answers = []
  for (const { pending, bytes } of known) pending.replied(bytes)
}
const scratch = new ByteWriter()
const gateway: Gateway = {
  openSession: () => ({
    submit(request, reply, pending) {
      const spec = evaluators.get(request.evaluator)!
      if (spec.kind === 'read') {
        spec.run(evaluation, request.args, reply)
        return true
      }
      scratch.clear()
      spec.run(evaluation, request.args.clone(), scratch)
      if (answers.length === 0) host.clock.defer(answerAll)
      answers.push({ pending, bytes: scratch.copy() })
      return false
    },
    close() {},
  }),
  newest: (evaluator) => evaluators.get(evaluator)?.name,
}
const ignore = () => {}
const context: ServiceContext = {
  clock: host.clock,
  random: host.random,
  gateway,
  cluster: {
    clusterId: 'bench',
    nodeName: 'n1',
    nodeId: 1,
    nodes: () => [],
    shards: () => [{ firstSlot: 0, lastSlot: slotCount - 1, leader: 'n1', replicas: ['n1'] }],
    facts: () => ({}),
  },
  topics: noTopics,
  limits: { clientMemoryBytesMax: 64 << 20, valueBytesMax: 8 << 20, clientsMax: 10_000 },
  usage: () => host.usage(),
  log: { info: ignore, warn: console.warn, error: console.error },
}
const listener = await host.network.listen({ host: '127.0.0.1', port: 0 }, (connection) =>
  redis.listeners[0]!.open(connection, context),
)
const { port } = listener.address

if (process.argv.includes('--serve')) {
  console.log(port)
} else {
  const loads = [
    { depth: 1, count: 200_000 },
    { depth: 32, count: 2_000_000 },
  ]
  for (const { depth, count } of loads) {
    const cpu = process.cpuUsage()
    const { stdout } = await promisify(execFile)('redis-benchmark', [
      ...['-p', String(port), '-c', '50', '-n', String(count), '-P', String(depth)],
      ...['-t', 'set,get', '-d', '100', '-r', '100000', '--csv'],
    ])
    const { user, system } = process.cpuUsage(cpu)
    console.log(`depth ${depth}: ${((user + system) / (2 * count)).toFixed(2)} µs of CPU per request\n${stdout}`)
  }
  await listener.close()
  await host.close()
  process.exit(0)
}
