import type { Arguments } from '#kernel/base/arguments.ts'
import { errors, fail } from '../errors.ts'
import { readWholeDouble } from '../floats/double.ts'

/** Scores between two bounds: `1`, `(1` (exclusive), `-inf`, `+inf`. */
export interface ScoreRange {
  readonly min: number
  readonly max: number
  readonly minExclusive: boolean
  readonly maxExclusive: boolean
}

/** @throws CommandError where an argument is no bound. */
export function parseScoreRange(args: Arguments, min: number, max: number): ScoreRange {
  const low = scoreBound(args.latin1(min))
  const high = scoreBound(args.latin1(max))
  return { min: low.score, max: high.score, minExclusive: low.exclusive, maxExclusive: high.exclusive }
}

/** A bound beyond what doubles hold is infinite. */
function scoreBound(text: string): { readonly score: number; readonly exclusive: boolean } {
  const exclusive = text.startsWith('(')
  const read = readWholeDouble(text, exclusive ? 1 : 0)
  if (!read) throw fail(errors.minOrMaxNotAFloat)
  return { score: read.value, exclusive }
}

/** Members between two bounds: `[a` (inclusive), `(a` (exclusive), `-` (below all), `+` (above all). */
export interface LexRange {
  readonly min: LexBound
  readonly max: LexBound
}

export type LexBound =
  | { readonly kind: 'lowest' }
  | { readonly kind: 'highest' }
  | { readonly kind: 'member'; readonly member: Uint8Array; readonly exclusive: boolean }

/** @throws CommandError where an argument is no bound. The bounds share the arguments' memory. */
export function parseLexRange(args: Arguments, min: number, max: number): LexRange {
  return { min: lexBound(args.slice(min)), max: lexBound(args.slice(max)) }
}

function lexBound(bytes: Uint8Array): LexBound {
  const alone = bytes.length === 1
  switch (bytes[0]) {
    case 0x2d:
      if (alone) return { kind: 'lowest' }
      break
    case 0x2b:
      if (alone) return { kind: 'highest' }
      break
    case 0x28:
      return { kind: 'member', member: bytes.subarray(1), exclusive: true }
    case 0x5b:
      return { kind: 'member', member: bytes.subarray(1), exclusive: false }
  }
  throw fail(errors.minOrMaxNotAString)
}
