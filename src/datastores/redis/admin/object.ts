import type { ConnectionCommand, KeyPositions } from '../command.ts'
import { read } from '../command.ts'
import { memoryUsage } from '../keys/memory.ts'
import { objectEncoding, objectFreq, objectIdletime, objectRefcount } from '../keys/object.ts'
import { family } from './family.ts'

/** OBJECT and MEMORY: how values are kept. */

const keys: KeyPositions = { first: 2, last: 2, step: 1 }
const common = { arity: 3, flags: [], keys, group: 'generic' } as const

export const objectCommand: ConnectionCommand = family({
  name: 'object',
  arity: -2,
  flags: [],
  group: 'generic',
  since: '2.2.3',
  summary: 'How values are kept',
  subcommands: [
    read({
      ...common,
      name: 'object|encoding',
      since: '2.2.3',
      summary: 'The name of an encoding of Redis that the value could have',
      run: objectEncoding,
    }),
    read({
      ...common,
      name: 'object|freq',
      since: '4.0.0',
      summary: 'Refused: the frequency of access is not tracked',
      run: objectFreq,
    }),
    read({
      ...common,
      name: 'object|idletime',
      since: '2.2.3',
      summary: 'Seconds since the last change',
      run: objectIdletime,
    }),
    read({
      ...common,
      name: 'object|refcount',
      since: '2.2.3',
      summary: 'How many keys share the value: always 1',
      run: objectRefcount,
    }),
  ],
})

export const memoryCommand: ConnectionCommand = family({
  name: 'memory',
  arity: -2,
  flags: [],
  group: 'server',
  since: '4.0.0',
  summary: 'What values take',
  subcommands: [
    read({
      name: 'memory|usage',
      arity: -3,
      flags: [],
      keys,
      group: 'server',
      since: '4.0.0',
      summary: 'Bytes of the rows of a key',
      run: memoryUsage,
    }),
  ],
})
