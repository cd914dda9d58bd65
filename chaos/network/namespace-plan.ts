import type { Place } from './chaos-network.ts'
import { clientsPlace } from './chaos-network.ts'

/** Lines for `ip -batch`, to be run in the network namespace of `place`. */
export interface Step {
  readonly place: Place
  readonly lines: readonly string[]
}

/** A hardware address that nobody has: frames sent to it arrive nowhere, as over a cut cable, and the sender hears nothing. */
export const nowhere = '02:ff:ff:ff:ff:ff'

/**
 * A mesh: each two places are joined by a cable of their own (a veth pair), so that each direction of each can be cut or slowed
 * down alone. Addresses are of the loopback range, because a node takes no others yet; in these namespaces that range is
 * routed over the cables, and `lo` keeps only 127.0.0.1.
 */
export class NamespacePlan {
  readonly places: readonly Place[]

  /** @param nodes up to 9 */
  constructor(nodes: readonly string[]) {
    this.places = [clientsPlace, ...nodes]
  }

  addressOf(place: Place): string {
    return `127.77.0.${this.#number(place)}`
  }

  /** The network device at `from` whose cable leads to `to`. */
  deviceTo(to: Place): string {
    return `to-${to}`
  }

  /** Everything, in order, from empty namespaces on. */
  steps(): Step[] {
    const cables = this.places.flatMap((a, i) => this.places.slice(i + 1).map((b) => this.#cable(a, b)))
    return [
      { place: clientsPlace, lines: cables },
      ...this.places.map((place) => ({ place, lines: this.#loopback(place) })),
      ...this.places.map((from) => ({
        place: from,
        lines: this.places.filter((to) => to !== from).flatMap((to) => this.#end(from, to)),
      })),
    ]
  }

  /** What `from` needs to send to `to`, or to send it nowhere. */
  neighbor(from: Place, to: Place, isCut: boolean): string {
    const hardware = isCut ? nowhere : this.#hardware(to, from)
    return `neigh replace ${this.addressOf(to)} lladdr ${hardware} nud permanent dev ${this.deviceTo(to)}`
  }

  #cable(a: Place, b: Place): string {
    const end = (at: Place, to: Place) => `name ${this.deviceTo(to)}${at === clientsPlace ? '' : ` netns ${at}`}`
    return `link add ${end(a, b)} type veth peer ${end(b, a)}`
  }

  #loopback(place: Place): string[] {
    return [
      'link set lo up',
      'addr del 127.0.0.1/8 dev lo',
      'addr add 127.0.0.1/32 dev lo',
      `addr add ${this.addressOf(place)}/32 scope global dev lo`,
    ]
  }

  #end(from: Place, to: Place): string[] {
    const device = this.deviceTo(to)
    return [
      `link set ${device} address ${this.#hardware(from, to)} up`,
      this.neighbor(from, to, false),
      `route add ${this.addressOf(to)}/32 dev ${device} src ${this.addressOf(from)}`,
    ]
  }

  /** Of the device at `at` on the cable to `to`. */
  #hardware(at: Place, to: Place): string {
    return `02:00:00:00:0${this.#number(at)}:0${this.#number(to)}`
  }

  #number(place: Place): number {
    return this.places.indexOf(place) || 9
  }
}
