import type { Random } from '#kernel/base/host.ts'
import type { Step } from '../../redis/group-commands.ts'
import { argumentOf } from '../../redis/requests.ts'
import type { Dialogue, Drawn, DrawOptions, ObjectKind } from './object-kind.ts'
import { pick, weighted } from './object-kind.ts'

/** Two keys for strings, one for a counter, two for lists; renaming mixes them. */
const strings = ['a', 'b']
const counter = 'n'
const lists = ['c', 'd']
const keys = [...strings, counter, ...lists]

const readSteps = weighted({ get: 3, mget: 4, lrange: 2, existsAll: 1, type: 1, llen: 1 })
const writeSteps = weighted({
  ...{ set: 4, append: 2, getSet: 1, incr: 3, mset: 4, msetnx: 1, del: 1, delAll: 1 },
  ...{ rpush: 4, lpop: 5, lmove: 2, rename: 1, renamenx: 1 },
})

type StepName = (typeof readSteps)[number] | (typeof writeSteps)[number]

/** @param unique of this step. */
function drawStep(random: Random, command: StepName, unique: string): Step {
  switch (command) {
    case 'mget':
    case 'existsAll':
      return [command, '', keys.join(' ')]
    case 'mset':
    case 'msetnx':
      return [command, '', strings.map((key) => `${key} ${unique}${key}`).join(' ')]
    case 'delAll':
      return [command, '', `${pick(random, strings)} ${pick(random, lists)}`]
    case 'rename':
    case 'renamenx':
    case 'lmove': {
      const pair = command === 'lmove' || random.below(2) === 0 ? lists : strings
      return [command, '', (random.below(2) === 0 ? pair : pair.toReversed()).join(' ')]
    }
    case 'rpush':
      return [command, pick(random, lists), unique]
    case 'lrange':
      return [command, pick(random, lists), '0 -1']
    case 'lpop':
    case 'llen':
      return [command, pick(random, lists), '']
    case 'incr':
      return [command, random.below(8) === 0 ? pick(random, keys) : counter, '']
    case 'set':
    case 'append':
    case 'getSet':
      return [command, random.below(12) === 0 ? pick(random, keys) : pick(random, strings), unique]
    case 'get':
    case 'type':
    case 'del':
      return [command, pick(random, keys), '']
  }
}

function drawSteps(random: Random, count: number, options: DrawOptions): Step[] {
  return Array.from({ length: count }, (_, i) => {
    const isRead = random.float() < options.readShare || !options.mayWrite
    return drawStep(random, pick(random, isRead ? readSteps : writeSteps), `${options.unique}${'xyzuvw'[i]}`)
  })
}

const exec = (steps: readonly Step[]): Drawn => ({ command: 'exec', argument: argumentOf(steps) })
const one = (step: Step): Drawn => ({ command: 'one', argument: argumentOf([step]) })

type Form = (random: Random, options: DrawOptions) => Dialogue

const drawOne: Form = (random, options) => ({ operations: [one(drawSteps(random, 1, options)[0]!)] })

const forms = {
  one: drawOne,
  exec: (random, options) => ({ operations: [exec(drawSteps(random, 2 + random.below(3), options))] }),
  discard: (random, options) => ({
    operations: [{ command: 'discard', argument: argumentOf(drawSteps(random, 2, options)) }],
  }),
  across: (random, options) => {
    if (!options.mayWrite) return drawOne(random, options)
    return {
      operations: [
        { command: 'across', argument: argumentOf([['mset', '', `${pick(random, strings)} ${options.unique}`]]) },
      ],
    }
  },
  /** Watched and done without a look between. */
  watchBlindly: (random, options) => ({
    operations: [
      { command: 'watch', argument: pick(random, keys) },
      exec(drawSteps(random, 2 + random.below(2), options)),
    ],
  }),
  /** Watched, read, and then written: what WATCH is for. */
  watch: (random, options) => {
    const watched = [pick(random, strings), pick(random, lists)].join(' ')
    return {
      operations: [{ command: 'watch', argument: watched }, one(['mget', '', watched])],
      next: (reply) => [
        reply === undefined ? { command: 'unwatch', argument: '' } : exec(drawSteps(random, 2, options)),
      ],
    }
  },
} as const satisfies Record<string, Form>

const formNames = weighted<keyof typeof forms>({ one: 6, exec: 8, discard: 1, across: 1, watchBlindly: 2, watch: 4 })

/** Keys of one tag: transactions, with and without WATCH, and commands on several keys. */
export const groupKind: ObjectKind = {
  judge: 'group',
  isGroup: true,
  draw: (random, options) => forms[pick(random, formNames)](random, options),
  probe: exec([
    ['mget', '', keys.join(' ')],
    ['lrange', lists[0]!, '0 -1'],
    ['lrange', lists[1]!, '0 -1'],
  ]),
}
