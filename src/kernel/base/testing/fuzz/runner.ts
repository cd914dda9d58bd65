import type { ErrorCode } from '../../errors.ts'
import { UnumError } from '../../errors.ts'
import { Dice } from './dice.ts'
import { defaults, type FuzzTarget, Violation } from './fuzz-target.ts'

/** What came of one run: an outcome that may be, or what must not be. */
export type RunResult =
  | { readonly outcome: string; readonly problem: undefined; readonly ms: number }
  | { readonly outcome: undefined; readonly problem: Problem; readonly ms: number }

export interface Problem {
  readonly kind: 'crash' | 'hang' | 'memory'
  /** The same for the same problem, whatever the input: for minimising. */
  readonly what: string
  /** For people. */
  readonly details: string
}

/** A repetition is no luck of the scheduler. */
const repetitions = 3

/** Runs inputs of a target, one by one. */
export class TargetRunner {
  readonly #target: FuzzTarget
  readonly #refusals: ReadonlySet<ErrorCode>
  readonly #dice = new Dice()
  readonly #runMsMax: number

  constructor(target: FuzzTarget) {
    this.#target = target
    this.#runMsMax = target.runMsMax ?? defaults.runMsMax
    this.#refusals = new Set(target.refusals)
  }

  /** Without a promise where the target has none: for millions of inputs a second turn each would be most of it. */
  run(input: Uint8Array): RunResult | Promise<RunResult> {
    const startedMs = performance.now()
    try {
      const outcome = this.#target.run(input, this.#dice.seedBy(input))
      if (typeof outcome === 'string') return this.#finished(input, outcome, performance.now() - startedMs)
      return outcome.then(
        (settled) => this.#finished(input, settled, performance.now() - startedMs),
        (error) => this.#thrown(input, error, performance.now() - startedMs),
      )
    } catch (error) {
      return this.#thrown(input, error, performance.now() - startedMs)
    }
  }

  #thrown(input: Uint8Array, error: unknown, ms: number): RunResult | Promise<RunResult> {
    if (error instanceof UnumError && this.#refusals.has(error.code)) {
      return this.#finished(input, `${error.code} ${beginning(error.message)}`, ms)
    }
    const name = error instanceof Error ? error.name : typeof error
    const message = error instanceof Error ? error.message : String(error)
    const code = error instanceof UnumError ? `${error.code} ` : ''
    const details = error instanceof Error ? (error.stack ?? message) : message
    return { outcome: undefined, problem: { kind: 'crash', what: `${name} ${code}${beginning(message)}`, details }, ms }
  }

  #finished(input: Uint8Array, outcome: string, ms: number): RunResult | Promise<RunResult> {
    return ms <= this.#runMsMax ? { outcome, problem: undefined, ms } : this.#repeat(input, outcome, ms)
  }

  /** It took long: because of the input, or because the machine had other things to do? */
  async #repeat(input: Uint8Array, outcome: string, firstMs: number): Promise<RunResult> {
    let ms = firstMs
    for (let i = 0; i < repetitions && ms > this.#runMsMax; i++) {
      const startedMs = performance.now()
      try {
        await this.#target.run(input, this.#dice.seedBy(input))
      } catch {
        // It was refused, as it was the first time.
      }
      ms = Math.min(ms, performance.now() - startedMs)
    }
    if (ms <= this.#runMsMax) return { outcome, problem: undefined, ms }
    const details = `took ${Math.round(ms)} ms, each of ${repetitions + 1} times: at most ${this.#runMsMax} ms are allowed`
    return { outcome: undefined, problem: { kind: 'hang', what: 'hang', details }, ms }
  }
}

/** Of a message, up to the first thing that depends on the input. */
function beginning(message: string): string {
  let end = 0
  while (end < message.length && end < 48) {
    const code = message.charCodeAt(end)
    if ((code >= 0x30 && code <= 0x39) || code === 0x22 || code > 0x7e) break
    end++
  }
  return message.slice(0, end)
}

interface Allocator {
  allocUnsafe(length: number): Uint8Array
  allocUnsafeSlow(length: number): Uint8Array
}

/** Has every buffer above the target's bound fail. `release` undoes it. */
export function guardAllocations(target: FuzzTarget): { release(): void } {
  const { allocationBytesMax = defaults.allocationBytesMax } = target
  const buffers = (globalThis as unknown as { Buffer: Allocator }).Buffer
  const { allocUnsafe, allocUnsafeSlow } = buffers
  const guarded = (allocate: (length: number) => Uint8Array) => (length: number) => {
    if (length > allocationBytesMax) throw new Violation(`one buffer of ${length} bytes is taken for an input`)
    return allocate(length)
  }
  buffers.allocUnsafe = guarded(allocUnsafe)
  buffers.allocUnsafeSlow = guarded(allocUnsafeSlow)
  return {
    release: () => {
      buffers.allocUnsafe = allocUnsafe
      buffers.allocUnsafeSlow = allocUnsafeSlow
    },
  }
}
