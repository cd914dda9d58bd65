import type { Arguments } from '#kernel/base/arguments.ts'
import type { TableRow } from '../connection/command-table.ts'

/** The commands between MULTI and EXEC. */
export class Transaction {
  readonly commands: { readonly row: TableRow; readonly args: Arguments }[] = []
  /** A command was refused: EXEC will be too. */
  failed = false
  bytes = 0

  /** Queues a command. @returns false if it and those before are more than `bytesMax` */
  add(row: TableRow, args: Arguments, bytesMax: number): boolean {
    const copy = args.clone()
    this.bytes += copy.bytes.length + copy.count * 8 + commandBytes
    if (this.bytes > bytesMax) return false
    this.commands.push({ row, args: copy })
    return true
  }
}

/** What a queued command costs besides its arguments, about. */
const commandBytes = 200
