import type { Impossible, Model } from '../checkers/model.ts'
import { impossible } from '../checkers/model.ts'
import type { Operation } from '../history.ts'
import type { StringCommand, StringState } from './string-commands.ts'
import { stringCommands } from './string-commands.ts'

const shownMax = 60

/** One key that only ever holds a string. */
export const stringModel: Model<StringState, Operation<StringCommand>> = {
  name: 'redis string',
  initial: undefined,
  step(state, operation): StringState | Impossible {
    const outcome = stringCommands[operation.command].apply(state, operation.argument)
    return operation.reply === undefined || operation.reply === outcome.reply ? outcome.state : impossible
  },
  identify: (state) => state,
  changes: (operation) => stringCommands[operation.command].changes(operation.reply),
  effect: (operation) => `${operation.command} ${operation.argument}`,
  withoutReply: (operation) => ({
    ...operation,
    reply: undefined,
    return: Number.POSITIVE_INFINITY,
    returnMs: Number.POSITIVE_INFINITY,
  }),
  describeState: (state) => (state === undefined ? 'no key' : shortened(state)),
  describe(operation) {
    const words = stringCommands[operation.command].words(operation.key, operation.argument).map(shortened).join(' ')
    const until = operation.reply === undefined ? '…' : operation.returnMs.toFixed(3)
    const reply = operation.reply === undefined ? 'no reply' : shortened(operation.reply)
    return `connection ${operation.connection}  ${operation.callMs.toFixed(3)}–${until} ms  ${words}  →  ${reply}`
  },
}

function shortened(text: string): string {
  const shown = text.length <= shownMax ? text : `${text.slice(0, 28)}…${text.slice(-28)} (${text.length} bytes)`
  return JSON.stringify(shown).slice(1, -1)
}
