import type { Command } from '../command.ts'
import type { ReplyTarget } from '../reply.ts'
import { array, simple } from '../reply.ts'

/** The reply to a family's HELP: its subcommands from their rows. */
export function help(to: ReplyTarget, family: string, subcommands: readonly Command[]): void {
  const lines = subcommands.flatMap(({ name, summary }) => [
    name.slice(name.indexOf('|') + 1).toUpperCase(),
    `    ${summary}.`,
  ])
  array(to, lines.length + 1)
  simple(to, `${family} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`)
  for (const line of lines) simple(to, line)
}
