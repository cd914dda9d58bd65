import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { caughtBy } from './caught-by.ts'
import type { SeedRange } from './seed-range.ts'
import type { SeedLine, SeedsWanted } from './seeds.ts'

export interface TrialOptions {
  /** The program that runs seeds (`seeds.ts` in a sandbox). */
  readonly program: string
  readonly ranges: readonly SeedRange[]
  readonly scenarios: readonly string[]
  /** A seed that runs for so long does not end: no honest one takes a tenth of it. */
  readonly seedMsMax: number
}

/** What became of one range of seeds. */
export interface RangeOutcome {
  readonly range: SeedRange
  /** How many seeds it took, the one that failed included; undefined: none failed. */
  readonly seeds: number | undefined
  /** How it was caught, and what was said, where it was. */
  readonly how: string
  readonly detail: string
}

const hangs = 'a run that does not end'
const dies = 'a process that dies'

/** Whether it may have failed because of what else happened on this machine: then it is to be run once more. */
export function dependsOnMachine({ how }: RangeOutcome): boolean {
  return how === hangs || how === dies
}

const memoryMegabytesMax = 2048
const errorCharactersKept = 4000

const running = new Set<() => void>()
process.on('exit', () => {
  for (const kill of running) kill()
})

/** Runs each range until a seed fails, the process dies or a seed does not end. */
export async function runTrial(options: TrialOptions): Promise<readonly RangeOutcome[]> {
  const outcomes: RangeOutcome[] = []
  while (outcomes.length < options.ranges.length) {
    // A process that died is replaced for the ranges that are left.
    outcomes.push(...(await runProcess({ ...options, ranges: options.ranges.slice(outcomes.length) })))
  }
  return outcomes
}

/** One process, for as many ranges as it survives: at least one. */
function runProcess(options: TrialOptions): Promise<readonly RangeOutcome[]> {
  const { program, ranges, scenarios, seedMsMax } = options
  const { promise, resolve } = Promise.withResolvers<readonly RangeOutcome[]>()
  const outcomes: RangeOutcome[] = []
  let seeds = ranges[0]!.skip
  let errors = ''
  let isHanging = false
  const end = (found: number | undefined, how: string, detail: string): void => {
    outcomes.push({ range: ranges[outcomes.length]!, seeds: found, how, detail })
    seeds = ranges[outcomes.length]?.skip ?? 0
  }

  const env = { ...process.env, NODE_COMPILE_CACHE: undefined }
  const child = spawn(
    process.execPath,
    [
      `--max-old-space-size=${memoryMegabytesMax}`,
      program,
      JSON.stringify({ ranges, scenarios } satisfies SeedsWanted),
    ],
    { env, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const kill = (): void => void child.kill('SIGKILL')
  running.add(kill)
  const hang = (): void => {
    isHanging = true
    kill()
  }
  let timer = setTimeout(hang, seedMsMax)
  createInterface({ input: child.stdout }).on('line', (line) => {
    clearTimeout(timer)
    timer = setTimeout(hang, seedMsMax)
    const { violations } = JSON.parse(line) as SeedLine
    seeds++
    const [first] = violations
    if (first !== undefined) end(seeds, caughtBy(first), first)
    else if (seeds === ranges[outcomes.length]!.count) end(undefined, '', '')
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-errorCharactersKept)
  })
  child.on('close', (code, signal) => {
    clearTimeout(timer)
    running.delete(kill)
    if (outcomes.length < ranges.length) {
      if (isHanging) end(seeds + 1, hangs, `no end within ${seedMsMax} ms`)
      else end(seeds + 1, dies, `ended with ${signal ?? code}: ${errors}`)
    }
    resolve(outcomes)
  })
  return promise
}
