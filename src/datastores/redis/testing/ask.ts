import { latin1Bytes } from '#kernel/base/bytes.ts'
import type { ReplyTree } from './reply-reader.ts'
import { readReply } from './reply-reader.ts'
import type { ShardTwin } from './shard-twin.ts'

/** What a reply of RESP2 says as plain values; an error is thrown. */
export type Answer = string | number | null | readonly Answer[]

export function ask(twin: ShardTwin, ...words: readonly (string | number)[]): Answer {
  return plain(readReply(latin1Bytes(twin.run(...words)), 0)!.reply)
}

/** As `ask`, for a reply that is a list of texts. */
export function askList(twin: ShardTwin, ...words: readonly (string | number)[]): readonly string[] {
  return ask(twin, ...words) as readonly string[]
}

function plain({ marker, text, parts }: ReplyTree): Answer {
  if (marker === '-') throw new Error(text)
  if (parts) return parts.map(plain)
  if (text === undefined) return null
  return marker === ':' ? Number(text) : text
}
