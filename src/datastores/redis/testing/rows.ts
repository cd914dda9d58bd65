import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import { arityFits } from '../connection/command-table.ts'
import { wrongArity } from '../errors.ts'
import type { ProtocolVersion } from '../reply.ts'
import { collectionCommands } from './collections.ts'
import type { RealRedis } from './real-redis.ts'
import { realRedisMissing, startRealRedis } from './real-redis.ts'
import type { ReplyTree } from './reply-reader.ts'
import { readReply } from './reply-reader.ts'
import { ShardTwin } from './shard-twin.ts'

/**
 * Commands and their replies as rows of text:
 *
 *     ZADD z 1 a 2 b                    => 2
 *     ZRANGE z 0 -1 WITHSCORES          => [a 1 b 2]
 *     @3 ZRANGE z 0 -1 WITHSCORES       => [[a 1.0] [b 2.0]]
 *     HGETALL h                         => any order [a 1 b 2]
 *
 * Words stand between spaces; '' is the empty one. `@3` asks in RESP3. A reply is `nil`, a number, a word, a `[list]`, a
 * `{map or set}`, or `!` and an error; a double of RESP3 always has a point or a letter.
 */
export interface RowGroups {
  readonly [claim: string]: string
}

const commands = new Map(collectionCommands.map((command) => [command.name, command]))

/** Declares a test for each group, and that a real Redis answers the same, except for groups of `ours`. */
export function testRows(name: string, groups: RowGroups, ours: RowGroups = {}): void {
  suite(name, () => {
    for (const [claim, rows] of Object.entries({ ...groups, ...ours })) {
      test(claim, () => {
        const twin = new ShardTwin(collectionCommands)
        for (const row of parseRows(rows)) checkRow(row, runOurs(twin, row))
      })
    }
    suite('of a real Redis', { skip: realRedisMissing() }, () => {
      let real: RealRedis
      before(async () => {
        real = await startRealRedis()
      })
      after(() => real[Symbol.asyncDispose]())
      for (const [claim, rows] of Object.entries(groups)) {
        test(claim, async () => {
          await real.pipeline([['FLUSHALL']])
          for (const row of parseRows(rows)) {
            const [, reply] = await real.pipeline([['HELLO', String(row.protocol)], row.words])
            checkRow(row, latin1Text(reply!))
          }
        })
      }
    })
  })
}

interface Row {
  readonly text: string
  readonly protocol: ProtocolVersion
  readonly words: readonly string[]
  readonly expected: string
  readonly anyOrder: boolean
}

function parseRows(rows: string): Row[] {
  const lines = rows.split('\n').map((line) => line.trim())
  return lines.filter((line) => line !== '').map(parseRow)
}

const anyOrderMark = 'any order '

function parseRow(text: string): Row {
  const [command, reply] = text.split(/\s+=> /) as [string, string]
  const words = command.split(/\s+/).map((word) => (word === "''" ? '' : word))
  const protocol = words[0] === '@3' ? 3 : 2
  if (protocol === 3) words.shift()
  const anyOrder = reply.startsWith(anyOrderMark)
  return { text, protocol, words, anyOrder, expected: anyOrder ? reply.slice(anyOrderMark.length) : reply }
}

function runOurs(twin: ShardTwin, { words, protocol }: Row): string {
  const command = commands.get(words[0]!.toLowerCase())!
  if (!arityFits(command, words.length)) return `-${wrongArity(command.name)}\r\n`
  return twin.runAs(protocol, ...words)
}

function checkRow(row: Row, reply: string): void {
  const shown = show(readReply(latin1Bytes(reply), 0)!.reply)
  if (row.anyOrder) assert.deepEqual(words(shown), words(row.expected), row.text)
  else assert.equal(shown, row.expected, row.text)
}

function words(shown: string): string[] {
  return shown.split(/[\s[\]{}]+/).sort()
}

function show({ marker, text, parts }: ReplyTree): string {
  if (parts) {
    const list = parts.map(show).join(' ')
    return marker === '*' ? `[${list}]` : `{${list}}`
  }
  if (text === undefined || marker === '_') return 'nil'
  if (marker === '-') return `!${text}`
  if (marker === ',' && /^-?\d+$/.test(text)) return `${text}.0`
  return text === '' ? "''" : text
}
