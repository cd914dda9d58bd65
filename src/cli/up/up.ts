import { refuseUnlessLoopback } from '../loopback.ts'
import type { NodeConfig } from '../node/node-config.ts'
import type { DataFolder } from './data-folder.ts'
import { openDataFolder } from './data-folder.ts'
import { choosePorts, type Ports } from './ports.ts'
import type { Report } from './report.ts'
import { createReport } from './report.ts'
import { onStopSignals } from './stop-signals.ts'
import { Supervisor } from './supervisor.ts'

export interface UpOptions {
  readonly nodes?: number
  readonly data: string
  readonly host: string
  readonly ports: 'standard' | 'auto'
  readonly shards?: number
  readonly restart: boolean
  readonly json?: true
}

/** `unum up`: runs until it is told to stop, or no node is left. */
export async function up(options: UpOptions): Promise<void> {
  refuseUnlessLoopback(options.host)
  const folder = openDataFolder(options.data, { nodes: options.nodes, shards: options.shards })
  try {
    const nodes = await configure(folder, options)
    const isOrderly = await supervise(nodes, folder, options)
    process.exitCode = isOrderly ? 0 : 1
  } finally {
    folder.release()
  }
}

async function configure(folder: DataFolder, { host, ports: choice }: UpOptions): Promise<NodeConfig[]> {
  const { nodes, clusterId, shards } = folder.cluster
  const ports = await choosePorts(
    choice,
    host,
    nodes.map(({ name }) => name),
  )
  const members = nodes.map(({ name, zone }, k) => ({ name, zone, peer: { host, port: ports[k]!.peer } }))
  return nodes.map(({ name }, k) => ({
    name,
    members,
    clusterId,
    shards,
    listen: listenOn(host, ports[k]!),
    folder: folder.folderOf(name),
  }))
}

/** Where a node listens for clients and people. */
function listenOn(host: string, { peer: _, admin, ...services }: Ports): NodeConfig['listen'] {
  const listen = Object.fromEntries(Object.entries(services).map(([protocol, port]) => [protocol, { host, port }]))
  return { ...listen, admin: { host, port: admin } }
}

/** True when it ended because it was asked to. */
async function supervise(nodes: readonly NodeConfig[], folder: DataFolder, options: UpOptions): Promise<boolean> {
  const report: Report = createReport(folder, options.json === true)
  let isReady = false
  let isOrderly = true
  const supervisor = new Supervisor(
    nodes,
    { restarts: options.restart, isFormed: folder.cluster.formed },
    {
      ready(facts) {
        isReady = true
        folder.markFormed()
        report.ready(facts)
      },
      nodeEnded: (node, ending, restartInMs) => report.nodeEnded(node, ending, restartInMs),
      impossible() {
        isOrderly = false
        report.notStarted()
        supervisor.stop()
      },
      nodeBack: (node) => report.nodeBack(node),
      stopOverdue(names) {
        isOrderly = false
        report.stopOverdue(names)
      },
    },
  )
  let isAsked = false
  const signals = onStopSignals({
    first() {
      isAsked = true
      report.stopping()
      supervisor.stop()
    },
    second() {
      isOrderly = false
      report.killing()
      supervisor.kill()
    },
  })
  const waiting = setInterval(() => isReady || report.stillWaiting(supervisor.missing), 5000)
  supervisor.start()
  await supervisor.allEnded
  clearInterval(waiting)
  signals.ignore()
  return isAsked && isOrderly
}
