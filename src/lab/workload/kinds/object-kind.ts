import type { Random } from '#kernel/base/host.ts'

/** One operation of a client, but for the object that it is on. */
export interface Drawn {
  readonly command: string
  readonly argument: string
}

/** Operations that follow each other on one connection without waiting. */
export interface Dialogue {
  readonly operations: readonly Drawn[]
  /**
   * What its connection asks next, once the last of them is answered; undefined where that was refused. Nothing else is asked of the
   * connection before.
   */
  readonly next?: (reply: string | undefined) => readonly Drawn[]
}

export interface DrawOptions {
  /** Where not, only what changes nothing is drawn: too much is open already. */
  readonly mayWrite: boolean
  /** Share of the operations that only read, 0 to 1. */
  readonly readShare: number
  readonly valueBytesMax: number
  /** A short text without spaces that no other operation of the run gets: values tell which write they are of. */
  readonly unique: string
}

/** Who judges the history of an object; `judge.ts` has what each does. */
export type JudgeName = 'string' | 'value' | 'expiry' | 'group' | 'appends' | 'bank'

/** What is done with an object, a key or the keys of a tag: narrow kinds make a double, lost or reordered effect visible soonest. */
export interface ObjectKind {
  readonly judge: JudgeName
  /** Whether the object is a tag with several keys. */
  readonly isGroup: boolean
  readonly draw: (random: Random, options: DrawOptions) => Dialogue
  /** Reads all of it. */
  readonly probe: Drawn
  /** After so many writes another object takes its place: what its history costs grows with the square. */
  readonly writesMax?: number
}

/** Each value as often as its weight. */
export function weighted<Name extends string>(weights: Partial<Readonly<Record<Name, number>>>): readonly Name[] {
  return (Object.entries(weights) as [Name, number][]).flatMap(([name, weight]) =>
    Array.from({ length: weight }, () => name),
  )
}

export function pick<Value>(random: Random, values: readonly Value[]): Value {
  return values[random.below(values.length)]!
}

/** A kind whose objects are keys, and whose operations are single commands. */
export function keyKind<Command extends string>(options: {
  readonly judge: JudgeName
  readonly reads: Partial<Readonly<Record<Command, number>>>
  readonly writes: Partial<Readonly<Record<Command, number>>>
  readonly argument: (random: Random, command: Command, options: DrawOptions) => string
  readonly probe: Drawn
}): ObjectKind {
  const reads = weighted(options.reads)
  const writes = weighted(options.writes)
  return {
    judge: options.judge,
    isGroup: false,
    probe: options.probe,
    draw(random, draw) {
      const isRead = random.float() < draw.readShare || !draw.mayWrite
      const command = pick(random, isRead ? reads : writes)
      return { operations: [{ command, argument: options.argument(random, command, draw) }] }
    },
  }
}
