import type { Model } from '../checkers/model.ts'
import { impossible } from '../checkers/model.ts'
import type { Operation } from '../history.ts'
import { crossSlot, list, nil } from './command.ts'
import { describeOperation, shortened, withoutReply } from './describe.ts'
import type { GroupKeys, Step } from './group-commands.ts'
import { applyStep, mayChange } from './group-commands.ts'
import { changesState, commandsOf, stepsOf } from './requests.ts'
import { identityOf, sameValue } from './value.ts'

/** An operation on the keys of one tag, as the model takes it. */
export interface GroupOperation extends Operation {
  /** Read once. */
  readonly steps: readonly Step[]
  /** Its connection watches keys until then. */
  readonly endsWatch: boolean
}

/**
 * What became of a watched key since WATCH. `maybe`: only what left its value as it was, which Redis's documentation does not
 * clearly call a change. `wasAbsent`: when it was watched; a key that is absent again counts as unchanged here and as changed there.
 */
interface WatchedKey {
  readonly change: 'none' | 'maybe' | 'sure'
  readonly wasAbsent: boolean
}

type Watches = ReadonlyMap<number, ReadonlyMap<string, WatchedKey>>

export interface GroupState {
  readonly keys: GroupKeys
  /** By connection. */
  readonly watches: Watches
  readonly text: string
}

const noWatches: Watches = new Map()

/** All keys of one tag as one object: transactions take effect at one moment, or, where a watched key changed, not at all. */
export const groupModel: Model<GroupState, GroupOperation> = {
  name: 'redis keys of one tag',
  initial: stateOf(new Map(), noWatches),
  step(state, operation) {
    const { command, reply, connection, argument } = operation
    switch (command) {
      case 'watch': {
        if (reply !== undefined && reply !== '+OK') return impossible
        return stateOf(state.keys, watched(state, connection, argument.split(' ')))
      }
      case 'unwatch':
      case 'discard':
        return reply === undefined || reply === '+OK' ? unwatched(state, connection) : impossible
      case 'across':
        if (reply?.startsWith(crossSlot)) return state
        return reply === undefined || reply === '+OK' ? applied(state, operation.steps).state : impossible
      case 'one': {
        const done = applied(state, operation.steps)
        return reply === undefined || reply === done.replies[0] ? done.state : impossible
      }
      default: {
        const watches = state.watches.get(connection)
        const ended = unwatched(state, connection)
        if (reply === nil) return watches !== undefined && mayAbort(watches) ? ended : impossible
        if (watches !== undefined && !mayCommit(watches, state.keys)) return reply === undefined ? ended : impossible
        const done = applied(ended, operation.steps)
        return reply === undefined || reply === list(done.replies) ? done.state : impossible
      }
    }
  },
  identify: (state) => state.text,
  // A watch without a reply is of a connection that is gone.
  changes: (operation) =>
    operation.endsWatch ||
    (operation.command === 'watch' && operation.reply !== undefined) ||
    changesState(operation, operation.reply),
  effect: ({ command, argument, connection }) =>
    command === 'one' ? `${command} ${argument}` : `${connection} ${command} ${argument}`,
  withoutReply,
  describeState: ({ text }) => shortened(text),
  describe: (operation) =>
    describeOperation(
      operation,
      commandsOf(operation).flatMap((words) => [...words, ';']),
    ),
}

const ending = new Set(['exec', 'discard', 'unwatch'])

/**
 * The operations of a tag as the model takes them. A WATCH after which its connection asks no EXEC shows in no reply and is left out:
 * the state need not know of it. Whatever EXEC answers, it ends all watches of its connection, so that one that was refused did just that.
 * @param refused those of the same tag that certainly were not done.
 */
export function groupOperations(answered: readonly Operation[], refused: readonly Operation[] = []): GroupOperation[] {
  const ended = refused
    .filter(({ command }) => ending.has(command))
    .map((operation): Operation => ({ ...operation, command: 'unwatch', argument: '', reply: '+OK' }))
  const operations = ended.length === 0 ? answered : [...answered, ...ended].sort((a, b) => a.call - b.call)
  const used = usedWatches(operations)
  const watching = new Set<number>()
  const prepared: GroupOperation[] = []
  for (const operation of operations) {
    const { command, connection, argument, index } = operation
    const endsWatch = ending.has(command) && watching.delete(connection)
    if (command === 'watch') {
      if (!used.has(index)) continue
      watching.add(connection)
    }
    const steps = command === 'watch' || command === 'unwatch' ? [] : stepsOf(argument)
    prepared.push({ ...operation, steps, endsWatch })
  }
  return prepared
}

/**
 * Those that were answered, and that an EXEC of their connection follows while they last. Where that got no reply and the connection
 * asked another EXEC behind it, nobody knows whether the watch aborted the first, and it ended before the second: it is left out too.
 */
function usedWatches(operations: readonly Operation[]): ReadonlySet<number> {
  const used = new Set<number>()
  const open = new Map<number, number[]>()
  const lastExec = new Map<number, Operation>()
  for (const operation of operations) if (operation.command === 'exec') lastExec.set(operation.connection, operation)
  for (const operation of operations) {
    const { command, connection, index, reply } = operation
    const watches = open.get(connection) ?? []
    if (command === 'watch' && reply !== undefined) open.set(connection, [...watches, index])
    if (!ending.has(command)) continue
    const tells = command === 'exec' && (reply !== undefined || lastExec.get(connection) === operation)
    if (tells) for (const watch of watches) used.add(watch)
    open.delete(connection)
  }
  return used
}

function stateOf(keys: GroupKeys, watches: Watches): GroupState {
  let text = ''
  for (const key of [...keys.keys()].sort()) {
    const held = identityOf(keys.get(key))
    text += `${key} ${held.length} ${held} `
  }
  for (const connection of [...watches.keys()].sort((a, b) => a - b)) {
    text += `${connection}:`
    for (const [key, { change, wasAbsent }] of watches.get(connection)!) text += ` ${key} ${change} ${wasAbsent}`
  }
  return { keys, watches, text }
}

function watched(state: GroupState, connection: number, names: readonly string[]): Watches {
  const of = new Map(state.watches.get(connection))
  for (const key of names) {
    if (!of.has(key)) of.set(key, { change: 'none', wasAbsent: !state.keys.has(key) })
  }
  return new Map(state.watches).set(connection, of)
}

function unwatched(state: GroupState, connection: number): GroupState {
  if (!state.watches.has(connection)) return state
  const watches = new Map(state.watches)
  watches.delete(connection)
  return stateOf(state.keys, watches)
}

/** EXEC may answer nil: a watched key was touched. */
function mayAbort(watches: ReadonlyMap<string, WatchedKey>): boolean {
  return [...watches.values()].some(({ change }) => change !== 'none')
}

function mayCommit(watches: ReadonlyMap<string, WatchedKey>, keys: GroupKeys): boolean {
  return [...watches].every(([key, { change, wasAbsent }]) => change !== 'sure' || (wasAbsent && !keys.has(key)))
}

function applied(
  state: GroupState,
  steps: readonly Step[],
): { readonly state: GroupState; readonly replies: readonly string[] } {
  let { keys, watches } = state
  const replies: string[] = []
  let changed = false
  for (const step of steps) {
    const outcome = applyStep(keys, step)
    replies.push(outcome.reply)
    if (!mayChange(step, outcome.reply)) continue
    changed = true
    if (watches.size > 0) watches = touched(watches, keys, outcome.state, step)
    keys = outcome.state
  }
  return { state: changed ? stateOf(keys, watches) : state, replies }
}

/** Marks what a step may have changed, for those who watch it. */
function touched(watches: Watches, before: GroupKeys, after: GroupKeys, step: Step): Watches {
  const named = new Set(step[1] === '' ? step[2].split(' ') : [step[1]])
  const marked = new Map<number, ReadonlyMap<string, WatchedKey>>()
  for (const [connection, keys] of watches) {
    const of = new Map(keys)
    for (const [key, { change, wasAbsent }] of keys) {
      if (!sameValue(before.get(key), after.get(key))) of.set(key, { change: 'sure', wasAbsent })
      else if (named.has(key) && change === 'none') of.set(key, { change: 'maybe', wasAbsent })
    }
    marked.set(connection, of)
  }
  return marked
}
