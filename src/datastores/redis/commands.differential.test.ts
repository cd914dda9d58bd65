import assert from 'node:assert/strict'
import { test } from 'node:test'
import { latin1Bytes } from '#kernel/base/bytes.ts'
import { NodeTwin } from './testing/node-twin.ts'
import { realRedisMissing, startRealRedis } from './testing/real-redis.ts'
import type { ReplyTree } from './testing/reply-reader.ts'
import { readReply } from './testing/reply-reader.ts'

/** What COMMAND says of one command: its arity, its flags, and where its keys are. */
interface Described {
  readonly arity: string
  readonly flags: readonly string[]
  readonly keys: string
}

function described(bytes: Uint8Array): Map<string, Described> {
  const found = new Map<string, Described>()
  const visit = ({ parts }: ReplyTree): void => {
    const [name, arity, flags, first, last, step] = parts!
    const subcommands = parts![9]!.parts!
    found.set(name!.text!, {
      arity: arity!.text!,
      flags: flags!.parts!.map((flag) => flag.text!).sort(),
      keys: `${first!.text} ${last!.text} ${step!.text}`,
    })
    subcommands.forEach(visit)
  }
  readReply(bytes, 0)!.reply.parts!.forEach(visit)
  return found
}

/** Where we differ on purpose: what came after 7.0, and what is read from shards here. */
const different = new Set([
  ...['client|setinfo', 'client|no-touch', 'zrank', 'zrevrank'],
  ...['cluster|countkeysinslot', 'cluster|getkeysinslot'],
])
const ownFlags = new Set(['no_multi', 'movablekeys', 'asking'])

test('COMMAND says of each command what a real Redis says', { skip: realRedisMissing() }, async () => {
  await using real = await startRealRedis()
  const [theirReply] = await real.pipeline([['COMMAND']])
  const theirs = described(theirReply!)
  const node = new NodeTwin()
  const ours = described(latin1Bytes(node.exchange(node.connect(), ['COMMAND'])))
  const differences: string[] = []
  for (const [name, own] of ours) {
    if (different.has(name)) continue
    const other = theirs.get(name)
    if (!other) differences.push(`${name} is no command of Redis`)
    else if (other.arity !== own.arity) differences.push(`${name} has arity ${own.arity}, in Redis ${other.arity}`)
    else if (other.keys !== own.keys) differences.push(`${name} has keys ${own.keys}, in Redis ${other.keys}`)
    else {
      const [mine, wanted] = [own, other].map(({ flags }) => flags.filter((flag) => !ownFlags.has(flag)).join(' '))
      if (mine !== wanted) differences.push(`${name} is ${mine}, in Redis ${wanted}`)
    }
  }
  assert.deepEqual(differences, [])
})
