import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Command } from './command.ts'
import { commands } from './commands.ts'

function wordsOf(command: Command): string {
  const name = command.name.toUpperCase()
  if (command.at === 'shard' || !command.subcommands) return name
  const subcommands = command.subcommands.map((each) => each.name.slice(command.name.length + 1).toUpperCase())
  return `${name} (${subcommands.sort().join(', ')})`
}

test('README lists the commands that there are', () => {
  const groups = Map.groupBy(commands, ({ group }) => group)
  const rows = [...groups].sort().map(([group, members]) => `| ${group} | ${members.map(wordsOf).sort().join(', ')} |`)
  const table = ['| group | commands |', '| --- | --- |', ...rows].join('\n')
  const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8')
  assert.ok(readme.includes(table), `README.md should have this table:\n${table}`)
})
