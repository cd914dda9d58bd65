import { defaults, type FuzzTarget } from './fuzz-target.ts'
import { type InputSeed, inputSeedText } from './input-seed.ts'
import { InputSource } from './input-source.ts'
import { guardAllocations, type Problem, type RunResult, TargetRunner } from './runner.ts'

export interface SessionOptions {
  readonly target: FuzzTarget
  readonly seed: number
  readonly inputsMax: number
  /** From now. */
  readonly msMax: number
  /** Bytes in use after garbage was collected. */
  readonly usedBytes: () => number
  /** Before each run: for whoever watches, should it never end. */
  readonly beginning?: (number: number, chain: () => readonly number[]) => void
}

export interface SessionReport {
  readonly target: string
  readonly seed: number
  readonly inputs: number
  readonly seconds: number
  /** Distinct ones; no more than `outcomesMax` are told apart. */
  readonly outcomes: number
  readonly slowestMs: number
  /** The seed of that input. */
  readonly slowest: string
  /** After the last input and a collection of garbage, beyond what there was before the first. */
  readonly retainedBytes: number
  readonly finding: Finding | undefined
}

/** An input that broke a rule. */
export interface Finding {
  readonly target: string
  readonly seed: string
  readonly input: Uint8Array
  readonly problem: Problem
}

const outcomesMax = 100_000

/** Runs inputs until one breaks a rule, or enough were run. */
export async function runSession(options: SessionOptions): Promise<SessionReport> {
  const { target, seed, inputsMax, msMax, usedBytes, beginning } = options
  const corpus = await target.corpus()
  const source = new InputSource(target, corpus, seed)
  const runner = new TargetRunner(target)
  const outcomes = new Set<string>()
  const stackTraceLimit = Error.stackTraceLimit
  // Most of the time of a refusal would be its stack, which nobody reads.
  Error.stackTraceLimit = 0
  const guard = guardAllocations(target)
  const before = usedBytes()
  const startedMs = performance.now()
  let slowestMs = 0
  let slowest: readonly number[] = []
  let failed: RunResult | undefined
  try {
    while (source.number < inputsMax && (source.number % 64 !== 0 || performance.now() - startedMs < msMax)) {
      source.next()
      beginning?.(source.number, () => source.chain)
      const running = runner.run(source.input)
      const result = running instanceof Promise ? await running : running
      if (result.outcome === undefined) {
        failed = result
        break
      }
      if (result.ms > slowestMs) {
        slowestMs = result.ms
        slowest = source.chain
      }
      if (!outcomes.has(result.outcome) && outcomes.size < outcomesMax) {
        outcomes.add(result.outcome)
        source.keep()
      }
    }
  } finally {
    guard.release()
    Error.stackTraceLimit = stackTraceLimit
  }
  const seconds = (performance.now() - startedMs) / 1000
  const retainedBytes = Math.max(0, usedBytes() - before)
  const { retainedBytesMax = defaults.retainedBytesMax } = target
  const problem =
    failed?.problem ?? (retainedBytes > retainedBytesMax ? leak(retainedBytes, retainedBytesMax) : undefined)
  const made = (chain: readonly number[]): InputSeed => ({ seed, chain })
  return {
    ...{ target: target.name, seed, inputs: source.number, seconds, outcomes: outcomes.size, slowestMs, retainedBytes },
    slowest: inputSeedText(made(slowest)),
    finding: problem && {
      ...{ target: target.name, problem, input: source.input.slice() },
      seed: inputSeedText(made(failed ? source.chain : [])),
    },
  }
}

function leak(retained: number, most: number): Problem {
  const details = `${retained} bytes are still in use after all inputs: at most ${most} are allowed`
  return { kind: 'memory', what: 'memory is kept', details }
}

/** Runs one input, with stacks. */
export async function runOnce(target: FuzzTarget, input: Uint8Array): Promise<RunResult> {
  const guard = guardAllocations(target)
  try {
    return await new TargetRunner(target).run(input)
  } finally {
    guard.release()
  }
}

/** The input that a seed stands for. */
export async function remakeInput(target: FuzzTarget, { seed, chain }: InputSeed): Promise<Uint8Array> {
  const source = new InputSource(target, await target.corpus(), seed)
  source.remake(chain)
  return source.input
}
