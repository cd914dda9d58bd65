import type { ConnectionCommand, ShardCommand } from '../command.ts'
import { read } from '../command.ts'
import { objectEncoding, objectFreq, objectIdletime, objectRefcount } from '../keys/object.ts'
import { family } from './family.ts'

const keys = { first: 2, last: 2, step: 1 }

function row(name: string, since: string, summary: string, run: ShardCommand['run']): ShardCommand {
  return read({ name: `object|${name}`, arity: 3, flags: [], keys, group: 'generic', since, summary, run })
}

export const objectCommand: ConnectionCommand = family({
  name: 'object',
  arity: -2,
  flags: [],
  group: 'generic',
  since: '2.2.3',
  summary: 'How values are kept',
  subcommands: [
    row('encoding', '2.2.3', 'The name of an encoding of Redis that the value could have', objectEncoding),
    row('freq', '4.0.0', 'Refused: the frequency of access is not tracked', objectFreq),
    row('idletime', '2.2.3', 'Seconds since the last change', objectIdletime),
    row('refcount', '2.2.3', 'How many keys share the value: always 1', objectRefcount),
  ],
})
