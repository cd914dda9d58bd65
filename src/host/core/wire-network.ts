import { UnumError } from '#kernel/base/errors.ts'
import type { Address, Connection, ConnectionHandler, Listener, Network } from '#kernel/base/host.ts'
import type { Process, Scheduler } from './scheduler.ts'
import { eventKinds } from './scheduler.ts'
import type { Wire } from './wire.ts'
import { WireConnection } from './wire-connection.ts'

const readBufferBytes = 65_536
const firstEphemeralPort = 49_152
const portMax = 65_535
const ownNames = new Set(['127.0.0.1', 'localhost', '::1', '0.0.0.0', '::'])

/** A machine as its network sees it. */
export class WireMachine {
  readonly index: number
  readonly name: string
  /** False while its power is off: it answers nothing. */
  isUp = true
  /** Multiplies delays of what it sends and is sent: 1 or more. */
  delayFactor = 1
  readonly listeners = new Map<number, WireListener>()
  readonly connections = new Set<WireConnection>()
  #nextPort = firstEphemeralPort
  #busyUntilUs = 0

  constructor(index: number, name: string) {
    this.index = index
    this.name = name
  }

  /** When bytes that are handed to the interface now, and keep it busy for `transferUs`, are gone. */
  depart(nowUs: number, transferUs: number): number {
    this.#busyUntilUs = Math.max(nowUs, this.#busyUntilUs) + transferUs
    return this.#busyUntilUs
  }

  ephemeralPort(): number {
    for (let tries = firstEphemeralPort; tries <= portMax; tries++) {
      const port = this.#nextPort
      this.#nextPort = port === portMax ? firstEphemeralPort : port + 1
      if (!this.listeners.has(port)) return port
    }
    throw new UnumError('ADDRESS_IN_USE', `Cannot find a free port on ${this.name}`)
  }
}

interface WireListener {
  readonly process: Process
  readonly accept: (connection: Connection) => void
}

/** A network in memory that joins machines by name; links between two machines can be cut, each direction for itself. */
export class WireNetwork {
  readonly scheduler: Scheduler
  readonly wire: Wire
  /** Shared by all deliveries: a chunk is good only during the call. */
  readonly readBuffer = new Uint8Array(readBufferBytes)
  /** Sides whose bytes, or the acknowledgements of them, do not come through. */
  readonly stalled = new Set<WireConnection>()
  readonly #machines = new Map<string, WireMachine>()
  readonly #cuts = new Set<string>()

  constructor(scheduler: Scheduler, wire: Wire) {
    this.scheduler = scheduler
    this.wire = wire
  }

  addMachine(index: number, name: string): WireMachine {
    const machine = new WireMachine(index, name)
    this.#machines.set(name, machine)
    return machine
  }

  /** What a process on `machine` sees of the network. */
  networkOf(machine: WireMachine, process: Process): Network {
    return {
      listen: (address, accept) => this.#listen(machine, process, address, accept),
      connect: (address, handler) => this.#connect(machine, process, address, handler),
    }
  }

  /** Nothing sent by `from` arrives at `to` any more. */
  cut(from: string, to: string): void {
    this.#cuts.add(linkOf(from, to))
  }

  heal(from: string, to: string): void {
    if (this.#cuts.delete(linkOf(from, to))) this.pathsChanged()
  }

  healAll(): void {
    this.#cuts.clear()
    this.pathsChanged()
  }

  isCut(from: WireMachine, to: WireMachine): boolean {
    return this.#cuts.size > 0 && this.#cuts.has(linkOf(from.name, to.name))
  }

  reaches(from: WireMachine, to: WireMachine): boolean {
    return to.isUp && !this.isCut(from, to)
  }

  /** To be called when a link or a machine came back. */
  pathsChanged(): void {
    for (const connection of this.stalled) connection.pathChanged()
  }

  /** Breaks every connection between two machines, as a firewall that forgot them does. */
  resetConnections(a: string, b: string): number {
    let count = 0
    for (const machine of [a, b]) {
      for (const connection of this.#machines.get(machine)?.connections ?? []) {
        const other = connection.other?.machine.name
        if (other !== (machine === a ? b : a)) continue
        connection.fail(new UnumError('CONNECTION_FAILED', `Connection to ${connection.peer} was reset`))
        count++
      }
    }
    return count
  }

  /** The process on `machine` died; its system closes what it had open. */
  processDied(machine: WireMachine): void {
    machine.listeners.clear()
    for (const connection of machine.connections) connection.abandon()
  }

  /** The machine lost its power. */
  machineDied(machine: WireMachine): void {
    machine.isUp = false
    machine.listeners.clear()
    for (const connection of machine.connections) connection.vanish()
  }

  #listen(
    machine: WireMachine,
    process: Process,
    address: Address,
    accept: (connection: Connection) => void,
  ): Promise<Listener> {
    return new Promise((resolve, reject) => {
      this.scheduler.after(0, eventKinds.listening, machine.index, address.port, () => {
        if (!process.alive) return
        let error: UnumError | undefined
        if (address.host !== machine.name && !ownNames.has(address.host))
          error = new UnumError(
            'ADDRESS_UNAVAILABLE',
            `Cannot listen on ${address.host}: this machine is ${machine.name}`,
          )
        const port = address.port === 0 ? machine.ephemeralPort() : address.port
        if (machine.listeners.has(port))
          error = new UnumError('ADDRESS_IN_USE', `Cannot listen on ${address.host}:${port}: the port is in use`)
        if (!error) machine.listeners.set(port, { process, accept })
        this.scheduler.enter(process, () => {
          if (error) reject(error)
          else resolve(this.#listener(machine, process, { host: address.host, port }))
        })
      })
    })
  }

  #listener(machine: WireMachine, process: Process, address: Address): Listener {
    return {
      address,
      close: () =>
        new Promise((resolve) => {
          if (machine.listeners.get(address.port)?.process === process) machine.listeners.delete(address.port)
          this.scheduler.after(0, eventKinds.listening, machine.index, address.port, () =>
            this.scheduler.enter(process, resolve),
          )
        }),
    }
  }

  #connect(machine: WireMachine, process: Process, address: Address, handler: ConnectionHandler): Connection {
    const spread = this.wire.connectionSpread()
    const port = machine.ephemeralPort()
    const connection = new WireConnection(this, machine, process, `${address.host}:${address.port}`, spread)
    connection.handler = handler
    if (!process.alive) {
      connection.vanish()
      return connection
    }
    const to = ownNames.has(address.host) ? machine : this.#machines.get(address.host)
    const refuse = (reason: string) =>
      this.scheduler.after(connection.delayUs(), eventKinds.refusalArrives, machine.index, 0, () => {
        connection.fail(new UnumError('CONNECTION_FAILED', `Cannot connect to ${connection.peer}: ${reason}`))
      })
    if (!to) {
      refuse('no machine has this name')
      return connection
    }
    const startedUs = this.scheduler.nowUs()
    const attempt = () => {
      if (!connection.isOpening) return
      if (!this.reaches(machine, to) || !this.reaches(to, machine)) {
        const againUs = this.wire.retransmitUs(this.scheduler.nowUs() - startedUs)
        this.scheduler.after(againUs, eventKinds.connectArrives, to.index, address.port, attempt)
        return
      }
      const listener = to.listeners.get(address.port)
      if (!listener) {
        refuse('nobody listens there')
        return
      }
      const accepted = new WireConnection(this, to, listener.process, `${machine.name}:${port}`, spread)
      accepted.acceptFrom(connection)
      this.scheduler.enter(listener.process, () => listener.accept(accepted))
    }
    this.scheduler.after(connection.delayUs(), eventKinds.connectArrives, to.index, address.port, attempt)
    this.scheduler.after(this.wire.connectTimeoutUs(), eventKinds.connectTimeout, machine.index, address.port, () => {
      if (connection.isOpening)
        connection.fail(new UnumError('CONNECTION_FAILED', `Cannot connect to ${connection.peer}: timed out`))
    })
    return connection
  }
}

function linkOf(from: string, to: string): string {
  return `${from}\n${to}`
}
