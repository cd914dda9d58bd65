import type { Arguments } from '#kernel/base/arguments.ts'
import { latin1Text } from '#kernel/base/bytes.ts'

/** Errors that quote what the client sent: as C strings, so up to a NUL, and never more than 128 bytes. */

const quotedMax = 128

function quoted(args: Arguments, i: number, bytesMax: number): string {
  const start = args.start(i)
  const text = latin1Text(args.bytes, start, Math.min(args.end(i), start + bytesMax))
  const nul = text.indexOf('\0')
  return nul < 0 ? text : text.slice(0, nul)
}

export function unknownCommand(args: Arguments): string {
  let list = ''
  for (let i = 1; i < args.count && list.length < quotedMax; i++) {
    list += `'${quoted(args, i, quotedMax - list.length)}' `
  }
  return `ERR unknown command '${quoted(args, 0, quotedMax)}', with args beginning with: ${list}`
}

export function unknownSubcommand(command: string, args: Arguments): string {
  return `ERR unknown subcommand '${quoted(args, 1, quotedMax)}'. Try ${command.toUpperCase()} HELP.`
}

/** What browsers send: a page can make them send it to a port of the loopback, with commands in the lines that follow. */
export function isWebRequest(args: Arguments): boolean {
  return args.is(0, 'POST') || args.is(0, 'HOST:')
}
