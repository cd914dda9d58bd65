import { parseArgs } from 'node:util'
import { type InputSeed, parseInputSeed } from '#kernel/base/testing/fuzz/index.ts'

export interface Options {
  readonly targets: readonly string[]
  readonly seed: InputSeed
  readonly inputsMax: number
  /** Of each target; undefined where a family shares its time. */
  readonly secondsPerTarget: number | undefined
  readonly secondsPerFamily: number
  readonly jobs: number
  readonly replay: string | undefined
  readonly list: boolean
}

const secondsDefault = 10

/** @throws Error where the arguments make no sense, saying what does */
export function parseOptions(args: readonly string[], defaultSeed: () => number): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      target: { type: 'string', multiple: true, default: [] },
      seed: { type: 'string' },
      inputs: { type: 'string' },
      seconds: { type: 'string' },
      'family-seconds': { type: 'string' },
      jobs: { type: 'string', default: '1' },
      replay: { type: 'string' },
      list: { type: 'boolean', default: false },
    },
  })
  const seed = values.seed === undefined ? { seed: defaultSeed(), chain: [] } : parseInputSeed(values.seed)
  if (!seed) throw new Error(`--seed is a number up to 2^32 - 1, or the seed of an input: not "${values.seed}"`)
  const isTimed = values.seconds !== undefined || values['family-seconds'] !== undefined
  const isEndless = values.inputs !== undefined && !isTimed
  const seconds = isEndless ? Number.POSITIVE_INFINITY : positive('seconds', values.seconds ?? String(secondsDefault))
  const perFamily = values['family-seconds']
  return {
    targets: values.target,
    seed,
    inputsMax: values.inputs === undefined ? Number.MAX_SAFE_INTEGER : positive('inputs', values.inputs),
    secondsPerTarget: perFamily === undefined ? seconds : undefined,
    secondsPerFamily: perFamily === undefined ? 0 : positive('family-seconds', perFamily),
    jobs: positive('jobs', values.jobs),
    replay: values.replay,
    list: values.list,
  }
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (!(value > 0) || (name !== 'seconds' && !Number.isSafeInteger(value))) {
    throw new Error(`--${name} is a positive number: not "${text}"`)
  }
  return value
}
