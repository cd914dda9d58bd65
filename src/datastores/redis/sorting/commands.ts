import type { KeyPositions, ShardCommand } from '../command.ts'
import { firstKey, read, shardRows, write } from '../command.ts'
import { readsOtherKeys, storedKeys } from './options.ts'
import { sort, sortReadOnly } from './sort.ts'

const sorted: KeyPositions = { ...firstKey, whole: readsOtherKeys }
const sortedAndStored: KeyPositions = { ...sorted, also: storedKeys }
const row = shardRows('generic', sorted)

export const sortingCommands: readonly ShardCommand[] = [
  write(row('sort', -2, ['denyoom'], '1.0.0', 'The elements of a key in order', sort, sortedAndStored)),
  read(row('sort_ro', -2, ['movablekeys'], '7.0.0', 'The elements of a key in order, without storing', sortReadOnly)),
]
