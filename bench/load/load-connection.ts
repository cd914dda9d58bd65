import { connect, type Socket } from 'node:net'
import type { Endpoint } from '../sides/side.ts'
import { ReplyCounter } from './reply-counter.ts'

/** A connection of the load generator: remembers when each request in flight was due. One that breaks ends the process. */
export class LoadConnection {
  readonly connected: Promise<void>
  readonly #socket: Socket
  readonly #batch: Buffer[] = []
  /** When requests in flight were due, oldest first from `#oldest` on. */
  readonly #due: number[] = []
  #oldest = 0
  #isFlushQueued = false

  constructor(endpoint: Endpoint, onReply: (dueMs: number, isError: boolean) => void) {
    const socket = connect({ ...endpoint, noDelay: true })
    this.#socket = socket
    this.connected = new Promise((resolve) => socket.once('connect', () => resolve()))
    const counter = new ReplyCounter((isError) => onReply(this.#answered(), isError))
    socket.on('data', (chunk: Buffer) => counter.add(chunk))
    const broken = (why: string) => {
      process.stderr.write(`connection to ${endpoint.host}:${endpoint.port} broke: ${why}\n`)
      process.exit(1)
    }
    socket.on('error', (error) => broken(error.message))
    socket.on('end', () => broken('ended by the server'))
  }

  /** Sent with what else is given in this turn of the loop, or by `flush`. */
  send(request: Buffer, dueMs: number): void {
    this.#due.push(dueMs)
    this.#batch.push(request)
    if (this.#isFlushQueued) return
    this.#isFlushQueued = true
    queueMicrotask(() => this.flush())
  }

  flush(): void {
    this.#isFlushQueued = false
    if (this.#batch.length === 0) return
    this.#socket.write(this.#batch.length === 1 ? this.#batch[0]! : Buffer.concat(this.#batch))
    this.#batch.length = 0
  }

  #answered(): number {
    const dueMs = this.#due[this.#oldest++]!
    if (this.#oldest === 1024) {
      this.#due.splice(0, 1024)
      this.#oldest = 0
    }
    return dueMs
  }
}
