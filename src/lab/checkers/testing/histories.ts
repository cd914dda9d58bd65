import type { Random } from '#kernel/base/host.ts'
import type { Operation } from '../../history.ts'
import { History } from '../../history.ts'
import type { Step } from '../../redis/group-commands.ts'
import { argumentOf, isKnown } from '../../redis/requests.ts'
import type { StringCommand } from '../../redis/string-commands.ts'
import { stringCommands } from '../../redis/string-commands.ts'

/**
 * A history of one key or tag as text, for tests: one line per connection, time to the right, a millisecond per column, `|` at call and
 * return, the command and its reply between. An operation that never returns has no second bar. Lines are aligned by the writer. Two
 * lines that begin with the same name are one connection, which pipelines. The steps of a transaction have `;` between, and `.` for a
 * step that names its keys itself.
 *
 * ```
 * a  |set 1 → +OK|
 * b       |get → $1|     |incr
 * c  |exec set a 1; mget . a b → *["+OK","*[\"$1\",\"_\"]"]|
 * ```
 */
export function historyOf(drawing: string): Operation[] {
  const events: { readonly column: number; readonly run: () => void }[] = []
  const history = new History()
  const connections = new Map<string, number>()
  for (const line of drawing.split('\n').filter((line) => line.trim() !== '')) {
    const name = line.trim().split(/[ |]/, 1)[0]!
    const connection = connections.get(name) ?? connections.size
    connections.set(name, connection)
    for (const match of line.matchAll(/\|([^|]+)(\||$)/g)) {
      const [call, reply] = match[1]!.split('→').map((part) => part.trim()) as [string, string | undefined]
      const space = call.indexOf(' ')
      const command = space < 0 ? call : call.slice(0, space)
      if (!isKnown(command)) throw new Error(`Unknown command in a drawing: "${command}"`)
      const argument = argumentIn(command, space < 0 ? '' : call.slice(space + 1))
      let index = -1
      events.push({
        column: match.index,
        run: () => {
          index = history.called(connection, command, 'key', argument, match.index)
        },
      })
      if (match[2] === '|' && reply !== undefined) {
        const column = match.index + match[0].length - 1
        events.push({ column, run: () => history.returned(index, reply, column) })
      }
    }
  }
  events.sort((a, b) => a.column - b.column)
  for (const event of events) event.run()
  return history.byKey().get('key') ?? []
}

function argumentIn(command: string, text: string): string {
  if (!['one', 'exec', 'across', 'discard'].includes(command)) return text
  const steps = text.split(';').map((step): Step => {
    const [name, key, ...rest] = step.trim().split(' ')
    return [name!, key === '.' ? '' : key!, rest.join(' ')]
  })
  return argumentOf(steps)
}

/**
 * What `connections` clients of one correct key might have recorded: each operation takes effect at a drawn moment between
 * its call and its return, or, with probability `lossRate`, gets no reply (and takes effect at any later moment, or never).
 */
export function correctHistory(
  random: Random,
  options: { readonly operations: number; readonly connections: number; readonly lossRate: number },
): Operation[] {
  const history = new History()
  const kinds = Object.keys(stringCommands) as StringCommand[]
  let state: string | undefined
  type Running = { index: number; command: StringCommand; argument: string; reply: string | undefined }
  const running: (Running | undefined)[] = Array.from({ length: options.connections }, () => undefined)
  const lost: Running[] = []
  let connection = options.connections
  const takeEffect = (operation: Running): void => {
    const outcome = stringCommands[operation.command].apply(state, operation.argument)
    state = outcome.state
    operation.reply = outcome.reply
  }
  for (let at = 0; history.count < options.operations; at++) {
    if (lost.length > 0 && random.below(20) === 0) takeEffect(lost.splice(random.below(lost.length), 1)[0]!)
    const slot = random.below(running.length)
    const operation = running[slot]
    if (operation === undefined) {
      const command = kinds[random.below(kinds.length)]!
      const argument = argumentFor(random, command, history.count)
      running[slot] = {
        index: history.called(connection + slot, command, 'key', argument, at),
        command,
        argument,
        reply: undefined,
      }
    } else if (operation.reply === undefined && random.float() < options.lossRate) {
      if (random.below(2) === 0) lost.push(operation)
      running[slot] = undefined
      connection += options.connections
    } else if (operation.reply === undefined) {
      takeEffect(operation)
    } else {
      history.returned(operation.index, operation.reply, at)
      running[slot] = undefined
    }
  }
  return history.byKey().get('key') ?? []
}

export function argumentFor(random: Random, command: StringCommand, unique: number): string {
  switch (command) {
    case 'incrBy':
    case 'decrBy':
      return String(random.below(9) - 4)
    case 'getRange':
      return `${random.below(4)} ${random.below(8)}`
    case 'setRange':
      return `${random.below(4)} ${unique}`
    case 'append':
      return String(unique % 10)
    default:
      return random.below(3) === 0 ? `v${unique}` : String(unique)
  }
}
