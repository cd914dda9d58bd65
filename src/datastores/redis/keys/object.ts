import type { Call } from '../call.ts'
import { fail } from '../errors.ts'
import { Key, types } from '../keyspace.ts'
import { parseInt64 } from '../numbers.ts'
import { bulkText, integer, nullBulk } from '../reply.ts'

/** OBJECT: what Redis would tell of its memory, as far as it means something here. */

const key = new Key()

/** Redis keeps strings of up to 44 bytes inside their object. */
const embeddedBytesMax = 44

/** Collections are rows here, whatever their size: the name is that of Redis's encoding for large ones. */
const collectionEncodings = ['', '', 'quicklist', 'hashtable', 'skiplist', 'hashtable'] as const

export function objectEncoding(call: Call): void {
  if (!key.find(call, 2)) nullBulk(call)
  else if (key.type === types.string) bulkText(call, stringEncoding())
  else bulkText(call, collectionEncodings[key.type])
}

function stringEncoding(): string {
  const length = key.row.length - key.body
  if (length <= 20 && parseInt64(key.row, key.body, key.row.length) !== undefined) return 'int'
  return length <= embeddedBytesMax ? 'embstr' : 'raw'
}

/** Nothing shares values. */
export function objectRefcount(call: Call): void {
  if (key.find(call, 2)) integer(call, 1)
  else nullBulk(call)
}

/** Seconds since the last change: reads leave no trace. */
export function objectIdletime(call: Call): void {
  if (key.find(call, 2)) integer(call, Math.floor((call.evaluation.timestampUs - key.version) / 1_000_000))
  else nullBulk(call)
}

export function objectFreq(call: Call): void {
  if (!key.find(call, 2)) {
    nullBulk(call)
    return
  }
  throw fail(
    'ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.',
  )
}
