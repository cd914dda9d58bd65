import { type ErrorCode, UnumError } from '../../errors.ts'
import type { Dice } from './dice.ts'

/**
 * A parser under fire: what is fed to it and what must hold for every input. `X.fuzz.ts` beside the parser exports
 * `targets`, a list of these; `npm run fuzz` finds them.
 */
export interface FuzzTarget {
  /** What `--target` names. */
  readonly name: string
  /** Small parsers share the time that a family gets in `npm test`. */
  readonly family: string
  /**
   * With which codes of `UnumError` input may be refused. Any other error is a finding: also an assertion, which says
   * that input has come further than it may.
   */
  readonly refusals: readonly ErrorCode[]
  /** Mutated inputs are at most this long. Default 4096. */
  readonly inputBytesMax?: number
  /** One buffer that is taken during a run is at most this large. Default 1 MiB. */
  readonly allocationBytesMax?: number
  /** A run that takes longer, each time that it is repeated, hangs. Default 100. */
  readonly runMsMax?: number
  /** What stays in memory after garbage was collected, beyond what there was before the first input. Default 64 MiB. */
  readonly retainedBytesMax?: number
  /** Tokens of the format. Texts have one character per byte. */
  readonly dictionary?: readonly string[]
  /** Valid inputs, made by the real encoders, and the interesting ones of `testdata`. */
  corpus(): readonly Uint8Array[] | Promise<readonly Uint8Array[]>
  /**
   * Parses one input and holds the properties against what comes out; `dice` depends on the input alone. The input is valid
   * until the run is over.
   * @returns what came of it, in a few words: an input with a new outcome becomes a parent of others.
   */
  run(input: Uint8Array, dice: Dice): string | Promise<string>
}

/** A property that does not hold. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

/** A property that must hold. */
export function check(condition: boolean, property: string): asserts condition {
  if (!condition) throw new Violation(property)
}

/** A number's order of magnitude, for outcomes: 0, 1, 2, 4, 8, … */
export function bucket(count: number): number {
  return count < 1 ? 0 : 2 ** (31 - Math.clz32(Math.min(count, 0x7fff_ffff)))
}

export const defaults = {
  inputBytesMax: 4096,
  allocationBytesMax: 1 << 20,
  retainedBytesMax: 64 << 20,
  runMsMax: 100,
} as const

/** The error with which `act` refuses, where it has one of the codes; undefined where it goes through. Others go on. */
export function refusalOf(act: () => void, ...codes: readonly ErrorCode[]): UnumError | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    if (error instanceof UnumError && codes.includes(error.code)) return error
    throw error
  }
}

/** Cuts `bytes` at one to three places. */
export function cutAnywhere(bytes: Uint8Array, dice: Dice): Uint8Array[] {
  const places = Array.from({ length: 1 + dice.below(3) }, () => dice.below(bytes.length + 1)).sort((a, b) => a - b)
  return [0, ...places].map((from, i) => bytes.slice(from, places[i] ?? bytes.length))
}
