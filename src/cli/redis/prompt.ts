import { createInterface } from 'node:readline'
import type { Address } from '#kernel/base/host.ts'
import { formatAddress } from '../address.ts'
import type { RedisClient } from './client.ts'
import { formatReply } from './format-reply.ts'
import { History } from './history.ts'
import { splitWords } from './split-words.ts'

/** A prompt on the terminal, until Ctrl-D, `quit` or `exit`. */
export async function prompt(client: RedisClient, address: Address): Promise<void> {
  const names = await commandNames(client)
  const history = new History()
  const terminal = createInterface({
    input: process.stdin,
    output: process.stdout,
    completer: (line: string) => completions(names, line),
    history: history.read(),
    removeHistoryDuplicates: true,
  })
  const ask = () => {
    terminal.setPrompt(client.isConnected ? `${formatAddress(address)}> ` : 'not connected> ')
    terminal.prompt()
  }
  terminal.on('SIGINT', () => {
    if (terminal.line === '') terminal.close()
    else terminal.write(null, { ctrl: true, name: 'u' }) // clears the line
  })
  ask()
  for await (const line of terminal) {
    if (line.trim() !== '') {
      history.add(line)
      const word = line.trim().toLowerCase()
      if (word === 'quit' || word === 'exit') break
      process.stdout.write(`${await answer(client, line)}\n`)
    }
    ask()
  }
  terminal.close()
}

async function answer(client: RedisClient, line: string): Promise<string> {
  const words = splitWords(line)
  if (words === undefined) return 'Invalid argument(s): quotes do not match'
  try {
    return formatReply(await client.send(words))
  } catch (error) {
    return (error as Error).message
  }
}

/** Upper case, in order, as the node knows them; none where it does not say. */
async function commandNames(client: RedisClient): Promise<string[]> {
  const reply = await client.send(['COMMAND'])
  if (reply.kind !== 'array') return []
  const names = reply.items.map((row) => {
    const name = row.kind === 'array' ? row.items[0] : undefined
    if (name?.kind === 'bulk') return name.bytes.toString().toUpperCase()
    return name?.kind === 'status' ? name.text.toUpperCase() : ''
  })
  return names.filter(Boolean).sort()
}

/** Of the command, in the case that was begun with. */
export function completions(names: readonly string[], line: string): [string[], string] {
  const upper = line.toUpperCase()
  const isLower = line !== upper
  const found = names.filter((name) => name.startsWith(upper)).map((name) => `${isLower ? name.toLowerCase() : name} `)
  return [line.includes(' ') ? [] : found, line]
}
