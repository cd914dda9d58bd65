import type { Socket } from 'node:net'
import type { LinkState } from './chaos-network.ts'

/** How late bytes are on a slow link. */
export const slowMs = 60

/** Of one connection and direction; beyond it the sender waits. */
const heldBytesMax = 8 << 20

/** One direction between two places: all connections' bytes on it pass, come late, or wait until it is whole again, as TCP would have it. */
export class Valve {
  state: LinkState = 'whole'
  readonly #flows = new Set<Flow>()

  set(state: LinkState): void {
    this.state = state
    for (const flow of this.#flows) flow.pump()
  }

  /** @param open connects `to` when the first sign of the connection has passed; undefined where it is connected. */
  flow(from: Socket, to: Socket, open?: () => void): void {
    const flow = new Flow(this, from, to)
    this.#flows.add(flow)
    to.on('close', () => this.#flows.delete(flow))
    if (open) flow.hold(open)
  }
}

class Flow {
  readonly #valve: Valve
  readonly #from: Socket
  #held: { readonly dueMs: number; readonly bytes: number; readonly act: () => void }[] = []
  #heldBytes = 0
  #timer: NodeJS.Timeout | undefined

  constructor(valve: Valve, from: Socket, to: Socket) {
    this.#valve = valve
    this.#from = from
    from.on('data', (bytes: Buffer) => this.hold(() => to.write(bytes), bytes.length))
    from.on('end', () => this.hold(() => to.end()))
    from.on('error', () => this.hold(() => to.destroy()))
    to.on('close', () => clearTimeout(this.#timer))
  }

  hold(act: () => void, bytes = 0): void {
    const dueMs = performance.now() + (this.#valve.state === 'slow' ? slowMs : 0)
    this.#held.push({ dueMs, bytes, act })
    this.#heldBytes += bytes
    if (this.#heldBytes > heldBytesMax) this.#from.pause()
    this.pump()
  }

  pump(): void {
    clearTimeout(this.#timer)
    if (this.#valve.state === 'cut') return
    const nowMs = performance.now()
    while (this.#held.length > 0 && this.#held[0]!.dueMs <= nowMs) {
      const { act, bytes } = this.#held.shift()!
      this.#heldBytes -= bytes
      act()
    }
    if (this.#heldBytes <= heldBytesMax && this.#from.isPaused()) this.#from.resume()
    if (this.#held.length > 0) this.#timer = setTimeout(() => this.pump(), this.#held[0]!.dueMs - nowMs)
  }
}
