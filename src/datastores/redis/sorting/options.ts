import type { Arguments } from '#kernel/base/arguments.ts'
import { errors, fail } from '../errors.ts'
import { integerArgument } from '../numbers.ts'
import type { Reference } from './references.ts'
import { parseReference } from './references.ts'

/** What SORT's arguments after the key say. */
export interface SortOptions {
  /** What to sort by; `element`: the element itself; `none`: leave the order as it is. */
  readonly by: Reference | 'element' | 'none'
  readonly descending: boolean
  /** By bytes, and not by number. */
  readonly alpha: boolean
  readonly offset: number
  /** Negative: no limit. */
  readonly limit: number
  /** What to answer for each element, in place of it. */
  readonly get: readonly Reference[]
  /** The argument that names the list to store in. */
  readonly store: number | undefined
}

/** How many arguments follow each option's name. */
const optionArguments: Readonly<Record<string, number>> = {
  ASC: 0,
  DESC: 0,
  ALPHA: 0,
  LIMIT: 2,
  BY: 1,
  GET: 1,
  STORE: 1,
}
const optionNames = Object.keys(optionArguments)

/** Calls `visit` with each option and where its name is. @returns where the options end, which may be before the arguments do */
function visitOptions(args: Arguments, visit: (name: string, at: number) => void): number {
  let i = 2
  while (i < args.count) {
    const at = i
    const name = optionNames.find((option) => args.is(at, option))
    if (name === undefined || at + optionArguments[name]! >= args.count) break
    visit(name, at)
    i = at + 1 + optionArguments[name]!
  }
  return i
}

/** @param storing whether STORE is one of the options @throws CommandError */
export function parseSortOptions(args: Arguments, storing: boolean): SortOptions {
  let by: SortOptions['by'] = 'element'
  let descending = false
  let alpha = false
  let offset = 0
  let limit = -1
  const get: Reference[] = []
  let store: number | undefined
  const end = visitOptions(args, (name, at) => {
    switch (name) {
      case 'ASC':
        descending = false
        break
      case 'DESC':
        descending = true
        break
      case 'ALPHA':
        alpha = true
        break
      case 'LIMIT':
        offset = integerArgument(args, at + 1)
        limit = integerArgument(args, at + 2)
        break
      case 'BY':
        // A pattern without a star is how one asks for no order; then no other BY makes one.
        if (!args.latin1(at + 1).includes('*')) by = 'none'
        else if (by !== 'none') by = parseReference(args.latin1(at + 1))
        break
      case 'GET':
        get.push(parseReference(args.latin1(at + 1)))
        break
      case 'STORE':
        if (!storing) throw fail(errors.syntax)
        store = at + 1
    }
  })
  if (end < args.count) throw fail(errors.syntax)
  return { by, descending, alpha, offset, limit, get, store }
}

/** For `KeyPositions.also`: where the list is to be stored. */
export function storedKeys(args: Arguments): readonly number[] {
  const positions: number[] = []
  visitOptions(args, (name, at) => {
    if (name === 'STORE') positions.push(at + 1)
  })
  return positions
}

/** For `KeyPositions.whole`: whether keys are read whose names are made from elements. */
export function readsOtherKeys(args: Arguments): boolean {
  let found = false
  visitOptions(args, (name, at) => {
    if ((name === 'BY' || name === 'GET') && args.latin1(at + 1).includes('*')) found = true
  })
  return found
}
