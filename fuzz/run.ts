/**
 * Parsers under fire. See README.md.
 *
 * Run: npm run fuzz -- [--target NAME]… [--seconds N | --inputs N | --family-seconds N] [--seed S] [--jobs N]
 *      npm run fuzz -- --target NAME --seed S/N.N    one input again
 *      npm run fuzz -- --replay FILE                 the inputs of a file again
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { corpusLine, parseCorpus, remakeInput, runOnce } from '#kernel/base/testing/fuzz/index.ts'
import { type Options, parseOptions } from './options.ts'
import { heading, keepFinding, reportLine } from './report.ts'
import { supervise } from './supervise.ts'
import { chooseTargets, type FoundTarget, findTargets } from './targets.ts'

const say = (text: string) => void process.stdout.write(`${text}\n`)

try {
  const options = parseOptions(process.argv.slice(2), () => randomBytes(4).readUInt32LE())
  const all = await findTargets()
  const isWell = await main(options, all)
  // Also where a thread is left that does not end.
  process.exit(isWell ? 0 : 1)
} catch (error) {
  process.stderr.write(`fuzz: ${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 2
}

/** @returns whether all is well */
async function main(options: Options, all: readonly FoundTarget[]): Promise<boolean> {
  if (options.list) {
    for (const { name, path, target } of all) say(`${name.padEnd(22)}${target.family.padEnd(14)}${path}`)
    return true
  }
  if (options.replay !== undefined) return replay(options.replay, all)
  const targets = chooseTargets(all, options.targets)
  if (options.seed.chain.length === 0) return runAll(options, targets, all)
  if (targets.length !== 1) throw new Error('the seed of an input belongs to one target: name it with --target')
  return runAgain(targets[0]!, await remakeInput(targets[0]!.target, options.seed))
}

async function runAll(
  options: Options,
  targets: readonly FoundTarget[],
  all: readonly FoundTarget[],
): Promise<boolean> {
  const { seed, inputsMax, jobs } = options
  const secondsOf = ({ target }: FoundTarget) =>
    options.secondsPerTarget ??
    options.secondsPerFamily / all.filter((other) => other.target.family === target.family).length
  say(`seed ${seed.seed}`)
  say(heading())
  let isWell = true
  const waiting = [...targets]
  const work = async () => {
    for (let found = waiting.shift(); found; found = waiting.shift()) {
      const report = await supervise({ found, seed: seed.seed, inputsMax, msMax: secondsOf(found) * 1000 })
      say(reportLine(report))
      if (!report.finding) continue
      isWell = false
      say(keepFinding(report.finding))
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))
  return isWell
}

async function replay(file: string, all: readonly FoundTarget[]): Promise<boolean> {
  const text = readFileSync(file, 'utf8')
  const name = /^# target (\S+)$/m.exec(text)?.[1]
  if (name === undefined) throw new Error(`${file} has no line "# target NAME"`)
  const [found] = chooseTargets(all, [name])
  let isWell = true
  for (const input of parseCorpus(text)) isWell = (await runAgain(found!, input)) && isWell
  return isWell
}

async function runAgain({ name, target }: FoundTarget, input: Uint8Array): Promise<boolean> {
  say(`${name}: ${corpusLine(input)}`)
  const { outcome, problem, ms } = await runOnce(target, input)
  say(problem ? `${problem.kind}: ${problem.details}` : `${outcome} (${ms.toFixed(2)} ms)`)
  return problem === undefined
}
