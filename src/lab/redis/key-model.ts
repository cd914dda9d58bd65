import type { Model } from '../checkers/model.ts'
import { impossible } from '../checkers/model.ts'
import type { Operation } from '../history.ts'
import type { CommandTable } from './command.ts'
import { describeOperation, shortened, withoutReply } from './describe.ts'
import { keyCommands } from './key-commands.ts'
import type { StringState } from './string-commands.ts'
import { stringCommands } from './string-commands.ts'
import type { Value } from './value.ts'
import { identityOf } from './value.ts'

/** One key that only ever holds a string. */
export const stringModel: Model<StringState, Operation> = modelOf<StringState>('redis string', stringCommands, (s) => s)

/** One key that may hold a value of any type. */
export const valueModel: Model<Value | undefined, Operation> = modelOf('redis key', keyCommands, identityOf)

function modelOf<State>(
  name: string,
  commands: CommandTable<State | undefined>,
  identify: (state: State | undefined) => string | undefined,
): Model<State | undefined, Operation> {
  return {
    name,
    initial: undefined,
    step(state, { command, argument, reply }) {
      const outcome = commands[command]!.apply(state, argument)
      return reply === undefined || reply === outcome.reply ? outcome.state : impossible
    },
    identify,
    changes: ({ command, reply }) => commands[command]!.changes(reply),
    effect: ({ command, argument }) => `${command} ${argument}`,
    withoutReply,
    describeState: (state) => (state === undefined ? 'no key' : shortened(identify(state)!)),
    describe: (operation) =>
      describeOperation(operation, commands[operation.command]!.words(operation.key, operation.argument)),
  }
}
