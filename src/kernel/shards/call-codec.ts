import { Arguments } from '#kernel/base/arguments.ts'
import { ByteReader } from '#kernel/base/byte-reader.ts'
import type { ByteWriter } from '#kernel/base/byte-writer.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { FailureReason } from '#kernel/handles/service.ts'

/**
 * Calls and answers between a gateway and a leader on another node (docs/formats/shard-calls.md).
 *
 *     call   = group(varint) term(varint) gateway(varint) sequence(varint) attempt(varint) low(varint) session(varint)
 *              flags(uint8: 1 follows own, 2 retry) evaluator(text) count(varint) argument(block)*
 *     answer = group(varint) gateway(varint) sequence(varint) attempt(varint) outcome(uint8) reply(the rest)
 */
export interface CallFrame {
  readonly group: number
  /** The leadership that it is meant for: another one refuses it, so that a late call cannot follow its own retry. */
  readonly term: number
  readonly gateway: number
  readonly sequence: number
  /** From 1 on, so that answers can be told apart. */
  readonly attempt: number
  readonly low: number
  readonly session: number
  readonly followsOwn: boolean
  readonly isRetry: boolean
  readonly evaluator: string
  readonly args: Arguments
}

/** On the wire; never reused. */
export const outcomes = {
  replied: 0,
  moved: 1,
  CROSS_SHARD: 2,
  UNAVAILABLE: 3,
  UNKNOWN: 4,
  INTERNAL: 5,
  TOO_LARGE: 6,
  refused: 7,
  lost: 8,
  DISK_FULL: 9,
  UNSUPPORTED: 10,
} as const satisfies Record<FailureReason | 'replied' | 'refused' | 'moved' | 'lost', number>

export type Outcome = keyof typeof outcomes
const outcomeNames = Object.keys(outcomes) as Outcome[]

const flagFollowsOwn = 1
const flagRetry = 2

export function writeCall(writer: ByteWriter, call: CallFrame): void {
  writer.varint(call.group)
  writer.varint(call.term)
  writer.varint(call.gateway)
  writer.varint(call.sequence)
  writer.varint(call.attempt)
  writer.varint(call.low)
  writer.varint(call.session)
  writer.uint8((call.followsOwn ? flagFollowsOwn : 0) | (call.isRetry ? flagRetry : 0))
  writer.text(call.evaluator)
  const { args } = call
  writer.varint(args.count)
  for (let i = 0; i < args.count; i++) {
    writer.varint(args.length(i))
    writer.rawRange(args.bytes, args.start(i), args.end(i))
  }
}

/** The arguments share the memory of `bytes`. @throws UnumError `DATA_DAMAGED` */
export function readCall(bytes: Uint8Array): CallFrame {
  const reader = new ByteReader(bytes)
  const group = reader.varint()
  const term = reader.varint()
  const gateway = reader.varint()
  const sequence = reader.varint()
  const attempt = reader.varint()
  const low = reader.varint()
  const session = reader.varint()
  const flags = reader.uint8()
  const followsOwn = (flags & flagFollowsOwn) !== 0
  const isRetry = (flags & flagRetry) !== 0
  const evaluator = reader.text()
  const args = new Arguments(bytes)
  for (let left = reader.varint(); left > 0; left--) {
    const length = reader.varint()
    args.push(reader.position, reader.position + length)
    reader.raw(length)
  }
  return { group, term, gateway, sequence, attempt, low, session, followsOwn, isRetry, evaluator, args }
}

export interface AnswerFrame {
  readonly group: number
  readonly gateway: number
  readonly sequence: number
  /** Of the call that it answers: an earlier one's answer may come late. */
  readonly attempt: number
  readonly outcome: Outcome
  readonly reply: Uint8Array
}

export function writeAnswer(writer: ByteWriter, answer: AnswerFrame): void {
  writer.varint(answer.group)
  writer.varint(answer.gateway)
  writer.varint(answer.sequence)
  writer.varint(answer.attempt)
  writer.uint8(outcomes[answer.outcome])
  writer.raw(answer.reply)
}

/** The reply shares the memory of `bytes`. @throws UnumError `DATA_DAMAGED` */
export function readAnswer(bytes: Uint8Array): AnswerFrame {
  const reader = new ByteReader(bytes)
  const group = reader.varint()
  const gateway = reader.varint()
  const sequence = reader.varint()
  const attempt = reader.varint()
  const code = reader.uint8()
  const outcome = outcomeNames.find((name) => outcomes[name] === code)
  if (!outcome) throw new UnumError('DATA_DAMAGED', `Cannot read an answer: outcome ${code} of 0 to 9`)
  return { group, gateway, sequence, attempt, outcome, reply: reader.raw(reader.remaining) }
}
