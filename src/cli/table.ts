import { styleText } from 'node:util'
import Table from 'cli-table3'

/** A table for people: a bold head, columns without lines, no colour where none is wanted. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const none = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '', left: '  ', right: '', middle: '   ' }
  const edges = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '' }
  const ends = { bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' }
  const lines = new Table({
    chars: { ...none, ...edges, ...ends },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  lines.push(
    head.map((text) => styleText('bold', text)),
    ...rows.map((row) => [...row]),
  )
  return lines.toString()
}
