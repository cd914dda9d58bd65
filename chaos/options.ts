import { parseArgs } from 'node:util'
import type { FaultName } from './faults/faults.ts'
import { faultNames, faults, isFaultName, usualFaults } from './faults/faults.ts'

export interface ChaosOptions {
  /** How long faults go on. */
  readonly minutes: number
  readonly seed: number
  readonly nodes: number
  readonly faults: readonly FaultName[]
  readonly network: 'auto' | 'namespaces' | 'relay'
  /** Operations a second that the clients ask while nothing is wrong, about. */
  readonly rate: number
  readonly json: boolean
  /** Folder for the history and the nodes' logs. */
  readonly keep: string | undefined
}

/** A mistake in what was asked for. */
export class OptionError extends Error {}

const seedMax = 1 << 30

/** @throws OptionError */
export function parseOptions(args: readonly string[]): ChaosOptions {
  const values = parse(args)
  return {
    minutes: numberOf('minutes', values.minutes ?? '10', 0.05, 600),
    seed: integerOf('seed', values.seed ?? String(Math.floor(Math.random() * seedMax)), 0, seedMax),
    nodes: integerOf('nodes', values.nodes ?? '3', 1, 7),
    faults: values.faults === undefined ? usualFaults : faultsOf(values.faults),
    network: networkOf(values.network ?? 'auto'),
    rate: integerOf('rate', values.rate ?? '200', 1, 5000),
    json: values.json ?? false,
    keep: values.keep,
  }
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const
  const options = {
    ...{ minutes: text, seed: text, nodes: text, faults: text, network: text, rate: text, keep: text },
    json: { type: 'boolean' },
  } as const
  try {
    return parseArgs({ args: [...args], options }).values
  } catch (error) {
    throw new OptionError((error as Error).message)
  }
}

function faultsOf(text: string): FaultName[] {
  const names = text.split(',')
  const chosen = names.filter(isFaultName)
  if (chosen.length === names.length) return chosen
  const unknown = names.filter((name) => !isFaultName(name))
  const known = faultNames.map((name) => `  ${name}: ${faults[name].description}`)
  throw new OptionError([`there is no fault "${unknown.join('", "')}"; there are`, ...known].join('\n'))
}

function networkOf(text: string): ChaosOptions['network'] {
  if (text === 'auto' || text === 'namespaces' || text === 'relay') return text
  throw new OptionError(`--network is "${text}": want auto, namespaces or relay`)
}

function integerOf(name: string, text: string, least: number, most: number): number {
  const value = numberOf(name, text, least, most)
  if (!Number.isInteger(value)) throw new OptionError(`--${name} is "${text}": want an integer`)
  return value
}

function numberOf(name: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (text !== '' && value >= least && value <= most) return value
  throw new OptionError(`--${name} is "${text}": want a number from ${least} to ${most}`)
}
