import { execFileSync } from 'node:child_process'
import type { Address } from '#kernel/base/host.ts'
import type { ChaosNetwork, Endpoint, Link, LinkState, Place } from './chaos-network.ts'
import { clientsPlace } from './chaos-network.ts'
import { NamespacePlan } from './namespace-plan.ts'

const ports = { redis: 6379, admin: 7700, peer: 7800 } as const satisfies Record<Endpoint, number>

/** A kernel with `netem` delays packets; one without can still make the bandwidth small. */
const slowness = [
  { name: 'packets 40 ± 20 ms late', words: ['netem', 'delay', '40ms', '20ms'] },
  { name: '256 kbit/s', words: ['tbf', 'rate', '256kbit', 'burst', '16kb', 'latency', '1s'] },
]

const namespaceFile = (place: Place) => `/run/netns/${place}`

/**
 * Each node in a network namespace of its own, the clients in the one that this process is in: which must have been made for it,
 * with a mount namespace (`enter.ts`), so that all of it is gone with the last process.
 */
export class NamespaceNetwork implements ChaosNetwork {
  readonly description: string
  readonly #plan: NamespacePlan
  readonly #slowness: readonly string[]
  readonly #slow = new Set<string>()

  constructor(nodes: readonly string[]) {
    this.#plan = new NamespacePlan(nodes)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'mode=755,size=16m', 'tmpfs', '/run'])
    for (const node of nodes) execFileSync('ip', ['netns', 'add', node])
    for (const { place, lines } of this.#plan.steps()) this.#ip(place, lines)
    for (const place of this.#plan.places) routeLoopbackRange(place)
    const { name, words } = this.#findSlowness(nodes[0]!)
    this.#slowness = words
    this.description = `network namespaces, a cable for each two of them; slow means ${name}`
  }

  listenAt(node: string, endpoint: Endpoint): Address {
    return { host: this.#plan.addressOf(node), port: ports[endpoint] }
  }

  reach(_from: Place, node: string, endpoint: Endpoint): Address {
    return this.listenAt(node, endpoint)
  }

  launcher(node: string): readonly string[] {
    return ['nsenter', `--net=${namespaceFile(node)}`]
  }

  setLink([from, to]: Link, state: LinkState): void {
    this.#ip(from, [this.#plan.neighbor(from, to, state === 'cut')])
    const isSlow = this.#slow.has(`${from}>${to}`)
    if ((state === 'slow') === isSlow || state === 'cut') return
    if (isSlow) {
      this.#tc(from, ['qdisc', 'del', 'dev', this.#plan.deviceTo(to), 'root'])
      this.#slow.delete(`${from}>${to}`)
    } else {
      this.#tc(from, ['qdisc', 'replace', 'dev', this.#plan.deviceTo(to), 'root', ...this.#slowness])
      this.#slow.add(`${from}>${to}`)
    }
  }

  /** The kernel removes it all with the last process in it. */
  async close(): Promise<void> {}

  #findSlowness(node: string): (typeof slowness)[number] {
    for (const slow of slowness) {
      try {
        this.#tc(clientsPlace, ['qdisc', 'replace', 'dev', this.#plan.deviceTo(node), 'root', ...slow.words])
        this.#tc(clientsPlace, ['qdisc', 'del', 'dev', this.#plan.deviceTo(node), 'root'])
        return slow
      } catch {
        // This kernel was built without it.
      }
    }
    throw new Error('this kernel can neither delay packets (sch_netem) nor limit a rate (sch_tbf)')
  }

  #ip(place: Place, lines: readonly string[]): void {
    const input = lines.join('\n')
    execFileSync('ip', [...within(place), '-batch', '-'], { input, stdio: ['pipe', 'ignore', 'pipe'] })
  }

  #tc(place: Place, words: readonly string[]): void {
    execFileSync('tc', [...within(place), ...words], { stdio: ['ignore', 'ignore', 'pipe'] })
  }
}

function within(place: Place): string[] {
  return place === clientsPlace ? [] : ['-n', place]
}

/** Off a cable, addresses of the loopback range count as forged unless this is set. */
function routeLoopbackRange(place: Place): void {
  const script = 'for each in /proc/sys/net/ipv4/conf/*; do echo 1 >$each/route_localnet; echo 0 >$each/rp_filter; done'
  const [command, ...args] =
    place === clientsPlace ? ['sh', '-c', script] : ['nsenter', `--net=${namespaceFile(place)}`, 'sh', '-c', script]
  execFileSync(command!, args)
}
