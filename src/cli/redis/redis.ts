import { createInterface } from 'node:readline'
import { parseAddress } from '../address.ts'
import { RedisClient } from './client.ts'
import { formatReply, rawReply } from './format-reply.ts'
import type { Reply } from './reply.ts'
import { splitWords } from './split-words.ts'

/** `unum redis`: one command given as words, or a prompt on a terminal, or commands read from stdin, one a line. */
export async function redis(words: readonly string[], options: { readonly at: string }): Promise<void> {
  const address = parseAddress(options.at)
  const client = new RedisClient(address)
  try {
    if (words.length > 0) print(await client.send(words))
    else if (process.stdin.isTTY) await (await import('./prompt.ts')).prompt(client, address)
    else await sendLines(client)
  } finally {
    client.close()
  }
}

async function sendLines(client: RedisClient): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const words = splitWords(line)
    if (words === undefined) {
      process.stderr.write(`unum: quotes do not match in: ${line}\n`)
      process.exitCode = 1
    } else if (words.length > 0) print(await client.send(words))
  }
}

/** An error reply makes the command fail, so that a script notices. */
function print(reply: Reply): void {
  if (reply.kind === 'error') process.exitCode = 1
  process.stdout.write(process.stdout.isTTY ? formatReply(reply) : rawReply(reply))
  process.stdout.write('\n')
}
