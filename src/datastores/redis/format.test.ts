import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { collectionCommands } from './testing/collections.ts'
import { ShardTwin } from './testing/shard-twin.ts'

/** Rows that exist on disks: if this fails, it is the code that is wrong. */
test('keys lie in the bytes that docs/formats/redis-keys.md shows', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/formats/redis-keys.md'), 'utf8')
  const example = page.slice(page.indexOf('## Example'))
  const [, block] = example.split('```') as [string, string]
  const rows = block.trim().split('\n')
  const commands = [...example.slice(0, example.indexOf('each a')).matchAll(/`([^`]+)`/g)]
  const twin = new ShardTwin(collectionCommands)
  for (const [, command] of commands) twin.run(...command!.split(' '))
  const hex = (text: string) => [...text].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('')
  assert.deepEqual(
    twin.evaluation.dump().rows.map(([key, value]) => hex(key) + hex(value)),
    rows.map((row) => row.replaceAll(' ', '')),
  )
})
