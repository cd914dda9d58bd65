import type { Arguments } from '#kernel/base/arguments.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { concatBytes, latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import type { FailureReason } from '#kernel/handles/service.ts'
import type { Spread } from '../command.ts'
import { errors } from '../errors.ts'
import { parseCursor } from '../keys/iterate.ts'
import { positionOfSlot, slotOfPosition } from '../keys/positions.ts'
import { array, error, integer } from '../reply.ts'
import { slotCount } from '../slots.ts'
import type { Client } from './client.ts'
import type { TableRow } from './command-table.ts'

/**
 * Commands about all keys, over several shards: each shard answers for its own at a moment of its own, so the whole is no
 * snapshot. A failure of one shard is the failure of the command.
 */
export function spreadOverShards(client: Client, row: NonNullable<TableRow['shard']>, args: Arguments): void {
  const evaluator = client.protocol === 2 ? row.resp2 : row.resp3
  spreads[row.command.spread!](client, evaluator, args)
}

const spreads: Readonly<Record<Spread, (client: Client, evaluator: string, args: Arguments) => void>> = {
  sum(client, evaluator, args) {
    askAll(client, evaluator, args, (replies) => {
      const sum = replies.reduce((total, reply) => total + numberAfterMarker(reply), 0)
      const reply = new ByteWriter()
      integer({ reply, protocol: client.protocol }, sum)
      return reply.copy()
    })
  },
  list(client, evaluator, args) {
    askAll(client, evaluator, args, (replies) => {
      const count = replies.reduce((total, reply) => total + numberAfterMarker(reply), 0)
      const header = new ByteWriter()
      array({ reply: header, protocol: client.protocol }, count)
      return concatBytes([header.copy(), ...replies.map((reply) => reply.subarray(reply.indexOf(lineFeed) + 1))])
    })
  },
  same(client, evaluator, args) {
    askAll(client, evaluator, args, (replies) => replies[0]!)
  },
  any(client, evaluator, args) {
    const shards = [...client.server.shards()]
    const { random } = client.server.context
    const pending = client.reserve()
    const kept = args.clone()
    const askNext = (): void => {
      const [shard] = shards.splice(random.below(shards.length), 1)
      client.ask(evaluator, kept, [shard!.firstSlot], ({ bytes, failure }) => {
        if (failure) pending.failed(failure)
        else if (isNull(bytes) && shards.length > 0) askNext()
        else pending.replied(bytes)
      })
    }
    askNext()
  },
  cursor(client, evaluator, args) {
    const position = parseCursor(args.latin1(1))
    if (position === undefined) {
      error(client, errors.invalidCursor)
      return
    }
    const slot = Math.min(slotOfPosition(position), slotCount - 1)
    const shard = client.server.shards().find(({ lastSlot }) => slot <= lastSlot)!
    const pending = client.reserve()
    client.ask(evaluator, args, [slot], ({ bytes, failure }) => {
      if (failure) pending.failed(failure)
      else pending.replied(shard.lastSlot + 1 === slotCount ? bytes : continueAt(bytes, shard.lastSlot + 1))
    })
  },
}

/** Asks every shard, and answers with what `combine` makes of the replies, in the order of the shards. */
function askAll(
  client: Client,
  evaluator: string,
  args: Arguments,
  combine: (replies: readonly Uint8Array[]) => Uint8Array,
): void {
  const shards = client.server.shards()
  const replies: Uint8Array[] = new Array(shards.length)
  const pending = client.reserve()
  let failed: FailureReason | undefined
  let errorReply: Uint8Array | undefined
  let left = shards.length
  shards.forEach((shard, i) => {
    client.ask(evaluator, args, [shard.firstSlot], ({ bytes, failure }) => {
      // One whose outcome is unknown decides: the client must not be told that it was not done.
      if (failure) failed = failed === 'UNKNOWN' ? failed : failure
      else if (bytes[0] === minus) errorReply = bytes
      else replies[i] = bytes
      if (--left > 0) return
      if (failed) pending.failed(failed)
      else pending.replied(errorReply ?? combine(replies))
    })
  })
}

const lineFeed = 0x0a
const minus = 0x2d

function numberAfterMarker(reply: Uint8Array): number {
  return Number(latin1Text(reply, 1, reply.indexOf(lineFeed) - 1))
}

function isNull(reply: Uint8Array): boolean {
  return reply[0] === 0x5f || (reply[0] === 0x24 && reply[1] === minus)
}

const finished = latin1Bytes('*2\r\n$1\r\n0\r\n')

/** A shard's SCAN reply with the cursor of the next shard in the place of the end. */
function continueAt(reply: Uint8Array, slot: number): Uint8Array {
  if (latin1Text(reply, 0, finished.length) !== latin1Text(finished)) return reply
  const cursor = String(positionOfSlot(slot))
  return concatBytes([latin1Bytes(`*2\r\n$${cursor.length}\r\n${cursor}\r\n`), reply.subarray(finished.length)])
}
