import { relative } from 'node:path'
import { styleText } from 'node:util'
import type { DataFolder } from './data-folder.ts'
import type { Ending } from './node-process.ts'
import { standardPorts } from './ports.ts'
import type { NodeFacts } from './supervisor.ts'

/** What `unum up` says. What happens goes to stderr as lines, the cluster itself to stdout. */
export interface Report {
  ready(nodes: readonly NodeFacts[]): void
  stillWaiting(missing: readonly string[]): void
  nodeEnded(node: NodeFacts, ending: Ending, restartInMs: number | undefined): void
  nodeBack(node: NodeFacts): void
  notStarted(): void
  stopping(): void
  stopOverdue(names: readonly string[]): void
  killing(): void
}

export function createReport(folder: DataFolder, isJson: boolean): Report {
  // Whoever read our output may be gone; the cluster stays.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const say = (text: string) => void process.stderr.write(`unum: ${text}\n`)
  const object = (value: object) => void process.stdout.write(`${JSON.stringify(value)}\n`)
  return {
    ready: (nodes) => (isJson ? object({ ready: true, nodes }) : void printTable(folder, nodes)),
    stillWaiting: (missing) => say(`still waiting for ${missing.join(', ')}; their logs are ${folder.path}/*/node.log`),
    nodeEnded(node, ending, restartInMs) {
      const next =
        restartInMs === undefined ? 'it stays down' : `starting it again in ${restartInMs / 1000} s on the same ports`
      say(`${node.name} (pid ${node.pid}) ${how(ending)}; ${next}`)
      if (isJson) object({ event: 'ended', ...node, ...ending, restartInMs })
    },
    nodeBack(node) {
      say(`${node.name} is back (pid ${node.pid})`)
      if (isJson) object({ event: 'back', ...node })
    },
    notStarted: () => say('the cluster did not start; stopping the other nodes'),
    stopping: () => say('stopping all nodes; Ctrl-C again kills them'),
    stopOverdue: (names) => say(`${names.join(', ')} did not stop in time: killed`),
    killing: () => say('killing all nodes'),
  }
}

function how({ code, signal, reason }: Ending): string {
  if (reason !== undefined) return `stopped: ${reason}`
  return signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`
}

function shortest(path: string): string {
  const fromHere = relative(process.cwd(), path)
  return fromHere.length < path.length ? fromHere : path
}

async function printTable(folder: DataFolder, nodes: readonly NodeFacts[]): Promise<void> {
  const { table } = await import('../table.ts')
  const rows = nodes.map(({ name, zone, pid, endpoints }) => [
    name,
    zone,
    String(pid),
    endpoints.redis ?? '',
    endpoints.kafka ?? '',
    endpoints.admin ?? '',
    shortest(folder.folderOf(name)),
  ])
  const first = nodes[0]!
  const last = nodes.at(-1)!
  const at = (node: NodeFacts) =>
    node.endpoints.redis?.endsWith(`:${standardPorts.redis}`) ? '' : ` --at ${node.endpoints.redis}`
  const command = (text: string, note: string) => `  ${styleText('cyan', text.padEnd(60))} ${styleText('dim', note)}`
  const lines = [
    '',
    table(['node', 'zone', 'pid', 'redis', 'kafka', 'admin', 'data'], rows),
    '',
    `${styleText('bold', 'One computer.')} Any node serves any key, to any Redis client. Try, in another terminal:`,
    '',
    command(`npx unum redis${at(first)} SET greeting hello`, `write at ${first.name}`),
    command(`npx unum redis${at(last)} GET greeting`, `read at ${last.name}`),
    command(
      `kill -9 ${first.pid}`,
      nodes.length > 2
        ? `${first.name} dies; the others go on, and it comes back`
        : `${first.name} dies, and comes back`,
    ),
    '',
    'Ctrl-C stops all nodes and keeps the data.',
    '',
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}
