import { elementsOf, list } from './command.ts'
import { timedCommands } from './expiry-commands.ts'
import type { Step } from './group-commands.ts'
import { canonicalOfStep, mayChange, wordsOfStep } from './group-commands.ts'

/** What a client asks as one operation: on a key, or on keys of one tag. */
export interface Request {
  readonly command: string
  /** A key; for the commands of `groupRequests` a tag. */
  readonly key: string
  readonly argument: string
}

interface RequestRow {
  /** The commands sent; the reply of the last is the operation's. */
  readonly sent: (tag: string, argument: string) => readonly (readonly string[])[]
  readonly changes: (argument: string, reply: string | undefined) => boolean
  readonly canonical: (argument: string, reply: string) => string
}

/** The steps of an operation on a tag: of `one` and `exec`. */
export function stepsOf(argument: string): readonly Step[] {
  let steps = parsed.get(argument)
  if (steps === undefined) {
    if (parsed.size === parsedMax) parsed.clear()
    parsed.set(argument, (steps = JSON.parse(argument) as readonly Step[]))
  }
  return steps
}

/** An operation's steps are asked for several times while it is under way, and again when it is judged. */
const parsed = new Map<string, readonly Step[]>()
const parsedMax = 4096

export function argumentOf(steps: readonly Step[]): string {
  return JSON.stringify(steps)
}

const names = (tag: string, argument: string): string[] => argument.split(' ').map((key) => `${tag}${key}`)

/** Operations on a tag. */
const groupRequests: Readonly<Record<string, RequestRow>> = {
  /** One command, alone. */
  one: {
    sent: (tag, argument) => stepsOf(argument).map((step) => wordsOfStep(tag, step)),
    changes: (argument, reply) => stepsOf(argument).some((step) => mayChange(step, reply)),
    canonical: (argument, reply) => canonicalOfStep(stepsOf(argument)[0]!, reply),
  },
  /** A transaction. */
  exec: {
    sent: (tag, argument) => [['MULTI'], ...stepsOf(argument).map((step) => wordsOfStep(tag, step)), ['EXEC']],
    changes: (argument, reply) => {
      const steps = stepsOf(argument)
      if (reply === undefined) return steps.some((step) => mayChange(step, undefined))
      if (!reply.startsWith('*')) return false
      const replies = elementsOf(reply)
      return steps.some((step, i) => mayChange(step, replies[i]))
    },
    canonical: (argument, reply) => {
      if (!reply.startsWith('*')) return reply
      const steps = stepsOf(argument)
      return list(elementsOf(reply).map((element, i) => canonicalOfStep(steps[i]!, element)))
    },
  },
  /** A command with one more key, of another tag, that nothing else touches: done where both are in one shard, else refused. */
  across: {
    sent: (tag, argument) => [[...wordsOfStep(tag, stepsOf(argument)[0]!), '{elsewhere}', tag]],
    changes: (_, reply) => !reply?.startsWith('-'),
    canonical: (_, reply) => reply,
  },
  /** A transaction that its client thinks better of. */
  discard: {
    sent: (tag, argument) => [['MULTI'], ...stepsOf(argument).map((step) => wordsOfStep(tag, step)), ['DISCARD']],
    changes: () => false,
    canonical: (_, reply) => reply,
  },
  /** From here on, until the connection's next EXEC, the keys of the argument are watched. */
  watch: {
    sent: (tag, argument) => [['WATCH', ...names(tag, argument)]],
    changes: () => false,
    canonical: (_, reply) => reply,
  },
  unwatch: { sent: () => [['UNWATCH']], changes: () => false, canonical: (_, reply) => reply },
}

export function isKnown(command: string): boolean {
  return Object.hasOwn(groupRequests, command) || Object.hasOwn(timedCommands, command)
}

/** The commands to send; the reply of the last is the operation's. */
export function commandsOf({ command, key, argument }: Request): readonly (readonly string[])[] {
  return groupRequests[command]?.sent(key, argument) ?? [timedCommands[command]!.words(key, argument)]
}

/** Whether it can have changed something if this was the reply; undefined: no reply came. */
export function changesState({ command, argument }: Request, reply: string | undefined): boolean {
  return groupRequests[command]?.changes(argument, reply) ?? timedCommands[command]!.changes(reply)
}

/** A reply in the form that models give: what Redis leaves open, or says differently in RESP2 and RESP3, is said in one way. */
export function canonicalReply({ command, argument }: Request, reply: string): string {
  if (reply.startsWith('-')) return reply
  const group = groupRequests[command]
  return group === undefined ? (timedCommands[command]!.canonical?.(reply) ?? reply) : group.canonical(argument, reply)
}
