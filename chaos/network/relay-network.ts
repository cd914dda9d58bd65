import { spawnSync } from 'node:child_process'
import { type AddressInfo, createServer, type Server, Socket } from 'node:net'
import { choosePorts, type Ports } from '#cli/up/ports.ts'
import type { Address } from '#kernel/base/host.ts'
import type { ChaosNetwork, Endpoint, Link, LinkState, Place } from './chaos-network.ts'
import { clientsPlace } from './chaos-network.ts'
import { Valve } from './valve.ts'

const host = '127.0.0.1'

/** All on the loopback: between each two places stands a relay in this process that holds bytes back. */
export class RelayNetwork implements ChaosNetwork {
  readonly description = 'relays on 127.0.0.1: cut connections are silent and stay open, slow means bytes 60 ms late'
  readonly #diesWithParent = spawnSync('setpriv', ['--version'], { stdio: 'ignore' }).error
    ? []
    : ['setpriv', '--pdeathsig', 'KILL']
  readonly #ports: ReadonlyMap<string, Ports>
  readonly #relays = new Map<string, number>()
  readonly #valves = new Map<string, Valve>()
  readonly #servers: Server[] = []
  readonly #sockets = new Set<Socket>()

  private constructor(ports: ReadonlyMap<string, Ports>) {
    this.#ports = ports
  }

  static async open(nodes: readonly string[]): Promise<RelayNetwork> {
    const ports = await choosePorts('auto', host, nodes)
    const network = new RelayNetwork(new Map(nodes.map((node, i) => [node, ports[i]!])))
    for (const from of [clientsPlace, ...nodes]) {
      const endpoint = from === clientsPlace ? 'redis' : 'peer'
      for (const to of nodes) if (to !== from) await network.#relay(from, to, endpoint)
    }
    return network
  }

  listenAt(node: string, endpoint: Endpoint): Address {
    return { host, port: this.#ports.get(node)![endpoint] }
  }

  reach(from: Place, node: string, endpoint: Endpoint): Address {
    const port = this.#relays.get(`${from}>${node} ${endpoint}`)
    return port === undefined ? this.listenAt(node, endpoint) : { host, port }
  }

  /** Nodes end with this process, even if it is killed and they stand still. */
  launcher(): readonly string[] {
    return this.#diesWithParent
  }

  setLink([from, to]: Link, state: LinkState): void {
    this.#valve(from, to).set(state)
  }

  async close(): Promise<void> {
    for (const server of this.#servers) server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #valve(from: Place, to: Place): Valve {
    const key = `${from}>${to}`
    const valve = this.#valves.get(key) ?? new Valve()
    this.#valves.set(key, valve)
    return valve
  }

  async #relay(from: Place, to: string, endpoint: Endpoint): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (incoming) => {
      const outgoing = new Socket({ allowHalfOpen: true })
      for (const socket of [incoming, outgoing]) {
        this.#sockets.add(socket)
        socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket))
      }
      outgoing.setNoDelay(true)
      this.#valve(from, to).flow(incoming, outgoing, () => outgoing.connect(this.listenAt(to, endpoint)))
      this.#valve(to, from).flow(outgoing, incoming)
    })
    await new Promise<void>((resolve) => server.listen(0, host, resolve))
    this.#servers.push(server)
    this.#relays.set(`${from}>${to} ${endpoint}`, (server.address() as AddressInfo).port)
  }
}
