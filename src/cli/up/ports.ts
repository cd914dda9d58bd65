import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { Failure } from '../failure.ts'
import { portOwner } from './port-owner.ts'

/** What a node listens for, and the port of node 1 by `--ports standard`; node k has the k - 1 next one. */
export const standardPorts = { redis: 6379, kafka: 9092, admin: 7700, peer: 7800 } as const

export type Ports = Readonly<Record<keyof typeof standardPorts, number>>

const protocols = Object.keys(standardPorts) as (keyof typeof standardPorts)[]

/** Ports for every node, all free a moment ago. */
export async function choosePorts(
  choice: 'standard' | 'auto',
  host: string,
  nodes: readonly string[],
): Promise<Ports[]> {
  return choice === 'auto' ? freePorts(host, nodes.length) : checkedStandardPorts(host, nodes)
}

async function checkedStandardPorts(host: string, nodes: readonly string[]): Promise<Ports[]> {
  const chosen = nodes.map((_, k) => portsBy((protocol) => standardPorts[protocol] + k))
  const problems: string[] = []
  for (const [k, ports] of chosen.entries()) {
    for (const protocol of protocols) {
      if (await isFree(host, ports[protocol])) continue
      const owner = portOwner(ports[protocol]) ?? 'a process of another user'
      problems.push(`  port ${ports[protocol]} (${protocol} of ${nodes[k]}) is in use by ${owner}`)
    }
  }
  if (problems.length === 0) return chosen
  throw new Failure(
    `cannot start as\n${problems.join('\n')}\nStop what uses them, or choose free ones with --ports auto`,
  )
}

/**
 * Free ports below those that the system gives to outgoing connections: a node that is started again needs its own back, which a
 * client's connection might hold by then.
 */
async function freePorts(host: string, count: number): Promise<Ports[]> {
  const first = 10_000
  const end = Math.max(first + 2000, ephemeralStart())
  let port = first + Math.floor(Math.random() * (end - first))
  const next = async () => {
    for (let tries = 0; tries < 2000; tries++) {
      port = port + 1 >= end ? first : port + 1
      if (await isFree(host, port)) return port
    }
    throw new Failure(`found no free port from ${first} to ${end} on ${host}`)
  }
  const chosen: Ports[] = []
  for (let k = 0; k < count; k++) {
    const ports = new Map<string, number>()
    for (const protocol of protocols) ports.set(protocol, await next())
    chosen.push(portsBy((protocol) => ports.get(protocol)!))
  }
  return chosen
}

function portsBy(portOf: (protocol: keyof Ports) => number): Ports {
  return Object.fromEntries(protocols.map((protocol) => [protocol, portOf(protocol)])) as unknown as Ports
}

function ephemeralStart(): number {
  try {
    return Number.parseInt(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'), 10)
  } catch {
    return 32_768 // other systems begin at 49,152 or above
  }
}

/** @throws Failure where no port at all can be had there */
function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', ({ code, message }: NodeJS.ErrnoException) => {
      if (code === 'EADDRINUSE') resolve(false)
      else
        reject(new Failure(`cannot listen on ${host} port ${port} (${code ?? message}): --host gives another address`))
    })
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}
