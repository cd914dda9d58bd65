import { assert } from '#kernel/base/errors.ts'
import type { Address, Host, Network } from '#kernel/base/host.ts'
import type { Process } from '../core/scheduler.ts'
import type { Wire } from '../core/wire.ts'
import type { WireMachine } from '../core/wire-network.ts'
import { WireNetwork } from '../core/wire-network.ts'
import { loopScheduler } from './loop-scheduler.ts'

/** Host names that start with it are reached inside the process: `memory:n1`. */
export const memoryPrefix = 'memory:'

const wire: Wire = {
  windowBytes: 1 << 20,
  connectionSpread: () => 1,
  delayUs: () => 0,
  transferUs: () => 0,
  segmentBytes: (available) => available,
  connectTimeoutUs: () => 10_000_000,
  stallTimeoutUs: () => 15_000_000,
  retransmitUs: () => 20_000,
  resetsAfterStall: () => false,
}

/** Links between the nodes of one program, which can be cut. */
export class InProcessNetwork {
  readonly #network = new WireNetwork(loopScheduler, wire)
  readonly #machines = new Map<string, WireMachine>()
  readonly #joined = new Map<string, { alive: boolean }>()

  /**
   * Nothing passes between a node of `a` and one of `b`, either way, until `heal`. Connections stay; what is sent waits, and
   * fails after fifteen seconds. Names are bare: `n1`.
   */
  partition(a: readonly string[], b: readonly string[]): void {
    for (const from of a) {
      for (const to of b) {
        this.#network.cut(memoryPrefix + from, memoryPrefix + to)
        this.#network.cut(memoryPrefix + to, memoryPrefix + from)
      }
    }
  }

  /** All links are whole again. */
  heal(): void {
    this.#network.healAll()
  }

  /**
   * `host` as the node `name`: addresses `memory:…` lead to the other nodes of this network, all others to the host's own
   * network. After `leave` its links are closed and another host may join under the name.
   */
  join(name: string, host: Host): { readonly host: Host; leave(): void } {
    assert(!this.#joined.has(name), `${name} has joined once`)
    const machine = this.#machineOf(memoryPrefix + name)
    const process: Process & { alive: boolean } = { machine: machine.index, alive: true }
    this.#joined.set(name, process)
    const inside = this.#network.networkOf(machine, process)
    const side = (address: Address): Network => (address.host.startsWith(memoryPrefix) ? inside : host.network)
    return {
      host: {
        clock: host.clock,
        disk: host.disk,
        random: host.random,
        rarely: host.rarely,
        usage: () => host.usage(),
        network: {
          listen: (address, accept) => side(address).listen(address, accept),
          connect: (address, handler) => side(address).connect(address, handler),
        },
      },
      leave: () => {
        if (!process.alive) return
        process.alive = false
        this.#joined.delete(name)
        this.#network.processDied(machine)
      },
    }
  }

  #machineOf(name: string): WireMachine {
    const machine = this.#machines.get(name) ?? this.#network.addMachine(this.#machines.size + 1, name)
    this.#machines.set(name, machine)
    return machine
  }
}
