import assert from 'node:assert/strict'
import { Simulation } from '#host/simulated/index.ts'
import type { Random } from '#kernel/base/host.ts'
import { createRandom } from '#kernel/base/random.ts'
import { type OpenedNodeLog, openNodeLog } from '../node-log.ts'
import { describe, LogModel, type OperationOptions, OperationSource, perform } from './log-model.ts'

export interface LogMachineOptions extends OperationOptions {
  readonly segmentBytes: number
}

/**
 * A machine of the simulation with a node log that is written to by chance, and what the log may hold after a crash:
 * the state after any batch from the last that was acknowledged to the last that was begun.
 */
export class LogMachine {
  readonly simulation: Simulation
  log: OpenedNodeLog | undefined
  /** Batches acknowledged in all incarnations. */
  acknowledged = 0
  readonly #random: Random
  readonly #source: OperationSource
  readonly #options: LogMachineOptions
  #model = new LogModel()
  /** What the log holds after each batch, as text. */
  #states = new Map<number, string>([[0, '']])
  #synced = 0

  constructor(seed: number, options: LogMachineOptions) {
    this.simulation = new Simulation({ seed })
    this.#options = options
    this.#random = createRandom(seed)
    this.#source = new OperationSource(this.#random, options)
  }

  get machine() {
    return this.simulation.machine('a')
  }

  #open(): Promise<OpenedNodeLog> {
    const { disk, clock, random } = this.machine.host
    return openNodeLog({
      ...{ disk, clock, random, directory: 'log', segmentBytes: this.#options.segmentBytes },
      events: {
        synced: (batch) => {
          assert.equal(batch, this.#synced + 1, 'batches are acknowledged in order')
          this.#synced = batch
          this.acknowledged++
        },
        full: () => assert.fail('the disk has room'),
        failed: (error) => assert.fail(error),
      },
    })
  }

  /**
   * Opens the log, compares it with what it may hold, and goes on from that.
   * @returns false where it is not open yet when the simulation has come to event `eventMax`
   */
  async open(eventMax = Number.POSITIVE_INFINITY): Promise<boolean> {
    const { simulation } = this
    let log: OpenedNodeLog | undefined
    let failure: unknown
    this.#open().then(
      (opened) => {
        log = opened
      },
      (error) => {
        failure = error
      },
    )
    await simulation.run({ until: () => !!log || !!failure || simulation.events >= eventMax })
    if (failure) throw failure
    if (!log) return false
    const found = describe(log.recovered.values())
    const allowed = [...this.#states].filter(([batch]) => batch >= this.#synced)
    const match = allowed.some(([, text]) => text === found)
    const choices = allowed.map(([batch, text]) => `${batch}:\n${text}`).join('\n')
    assert.ok(match, `batch ${this.#synced} was acknowledged; found\n${found}\nwhich is none of\n${choices}`)
    assert.deepEqual(log.recovery.lost, [])
    this.#model = LogModel.from(log.recovered.values())
    this.#states = new Map([[log.syncedBatch, found]])
    this.#synced = log.syncedBatch
    this.log = log
    return true
  }

  /** Queues some operations. */
  append(): void {
    for (let left = this.#random.below(4); left >= 0; left--) {
      const operation = this.#source.next(this.#model)
      this.#model.apply(operation)
      this.#states.set(perform(this.log!, operation), this.#model.text())
    }
  }

  /**
   * Appends and flushes so many turns, some while a batch is under way, until the simulation has come to event
   * `eventMax`.
   */
  async work(turns: number, eventMax: number): Promise<void> {
    const { simulation } = this
    for (let turn = 0; turn < turns && simulation.events < eventMax; turn++) {
      this.append()
      this.log!.flush()
      const untilMs = simulation.nowMs + this.#random.float() * 0.3
      await simulation.run({ until: () => simulation.events >= eventMax, forMs: untilMs - simulation.nowMs })
    }
  }
}
