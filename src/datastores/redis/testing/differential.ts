import assert from 'node:assert/strict'
import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import type { Random } from '#kernel/base/host.ts'
import { createRandom } from '#kernel/base/random.ts'
import type { ShardCommand } from '../command.ts'
import { arityFits } from '../connection/command-table.ts'
import { wrongArity } from '../errors.ts'
import type { ProtocolVersion } from '../reply.ts'
import { checkInvariants } from './invariants.ts'
import type { RealRedis } from './real-redis.ts'
import type { ReplyTree } from './reply-reader.ts'
import { readReply } from './reply-reader.ts'
import { ShardTwin } from './shard-twin.ts'

/**
 * Random commands to a real Redis and to our evaluators, whose replies must be the same bytes, except where Redis itself
 * leaves the order or the choice open.
 */

/** What may differ in a reply besides an error. */
export type Freedom =
  | 'none'
  /** The order of a list's or set's parts. */
  | 'order'
  /** The order of the pairs in a map, or in a flat list of keys and values. */
  | 'pair order'
  /** As `order` and `pair order`, of the list after the cursor. */
  | 'scanned order'
  | 'scanned pair order'
  /** All but the form: how many parts there are, and their markers. */
  | 'choice'

/** Commands by how often they come, each with a generator of its words; a word is one character per byte. */
export interface CommandForm {
  readonly weight: number
  readonly words: (random: Random) => readonly string[]
  readonly freedom?: Freedom
  /** How many words at the start are never disturbed; 1 where not given. */
  readonly fixed?: number
}

export interface DifferentialOptions {
  readonly commands: readonly ShardCommand[]
  readonly forms: readonly CommandForm[]
  readonly protocol: ProtocolVersion
  readonly seed: string
  readonly count: number
}

/** Sent this many at once: far fewer round trips, and a failure is still found near its command. */
export const batchCount = 250

export async function compareWithRealRedis(real: RealRedis, options: DifferentialOptions): Promise<void> {
  const { protocol, commands, forms, seed, count } = options
  const random = createRandom(seed)
  const twin = new ShardTwin(commands)
  const rows = new Map(commands.map((command) => [command.name, command]))
  const totalWeight = forms.reduce((sum, form) => sum + form.weight, 0)
  await real.pipeline([['FLUSHALL'], ['HELLO', String(protocol)]])
  const history: string[] = []
  for (let done = 0; done < count; done += batchCount) {
    const batch = Array.from({ length: batchCount }, () => {
      const form = pickForm(forms, random.below(totalWeight))
      return { words: disturb([...form.words(random)], form.fixed ?? 1, random), freedom: form.freedom ?? 'none' }
    })
    const replies = await real.pipeline(batch.map(({ words }) => words))
    for (const [i, { words, freedom }] of batch.entries()) {
      const ours = runOurs(twin, rows, protocol, words)
      history.push(words.map((word) => JSON.stringify(word)).join(' '))
      const expected = latin1Text(replies[i]!)
      if (ours === expected || shape(ours, freedom) === shape(expected, freedom)) continue
      assert.fail(
        `seed ${JSON.stringify(seed)}, RESP${protocol}, after ${history.length} commands:\n${history.slice(-12).join('\n')}\nours:  ${JSON.stringify(ours)}\nRedis: ${JSON.stringify(expected)}`,
      )
    }
    checkInvariants(twin.evaluation)
  }
}

export function pickForm(forms: readonly CommandForm[], at: number): CommandForm {
  for (const form of forms) {
    if (at < form.weight) return form
    at -= form.weight
  }
  throw new Error('weights do not add up')
}

/** One command in about thirty loses, doubles or garbles an argument. */
export function disturb(words: string[], fixed: number, random: Random): string[] {
  if (words.length <= fixed || random.below(30) > 0) return words
  const at = fixed + random.below(words.length - fixed)
  const kind = random.below(3)
  if (kind === 0) words.splice(at, 1)
  else if (kind === 1) words.splice(at, 0, words[at]!)
  else words[at] = ['', 'x', '-1', '0', '99999999999999999999', '1.5', 'nan', ' 1'][random.below(8)]!
  return words
}

function runOurs(
  twin: ShardTwin,
  rows: ReadonlyMap<string, ShardCommand>,
  protocol: ProtocolVersion,
  words: readonly string[],
): string {
  const command = rows.get(words[0]!.toLowerCase())!
  if (!arityFits(command, words.length)) return `-${wrongArity(command.name)}\r\n`
  return twin.runAs(protocol, ...words)
}

/** A text that is the same for replies that may stand for each other. */
export function shape(reply: string, freedom: Freedom): string {
  if (freedom === 'none') return reply
  const bytes = latin1Bytes(reply)
  const tree = readReply(bytes, 0)!.reply
  if (tree.marker === '-') return reply
  switch (freedom) {
    case 'order':
      return sorted(tree, 1)
    case 'pair order':
      return sorted(tree, 2)
    case 'scanned order':
      return `${JSON.stringify(tree.parts?.[0])} ${sorted(tree.parts![1]!, 1)}`
    case 'scanned pair order':
      return `${JSON.stringify(tree.parts?.[0])} ${sorted(tree.parts![1]!, 2)}`
    case 'choice':
      return form(tree)
    default:
      return freedom satisfies never
  }
}

function sorted(tree: ReplyTree, size: 1 | 2): string {
  const { parts = [] } = tree
  const groups: string[] = []
  for (let i = 0; i < parts.length; i += size) groups.push(JSON.stringify(parts.slice(i, i + size)))
  return `${tree.marker}${groups.sort().join()}`
}

function form(tree: ReplyTree): string {
  return `${tree.marker}${tree.parts ? `(${tree.parts.map(form).join()})` : tree.text === undefined ? 'null' : ''}`
}
