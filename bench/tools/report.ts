import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Machine, machineLine } from './machine.ts'

/** A table of Markdown. The first `textColumns` columns stand left, the others, numbers, right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[], textColumns = 1): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = line(head.map((_, i) => (i < textColumns ? '---' : '---:')))
  return [line(head), rule, ...rows.map(line)].join('\n')
}

/** Three significant digits, and no more than a reader needs. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en')
  return String(Number(value.toPrecision(3)))
}

export interface Result {
  /** Of the files: `throughput` gives throughput.json and throughput.md. */
  readonly name: string
  readonly title: string
  /** Markdown below the title and the machine. */
  readonly text: string
  /** Everything that was measured, run by run. */
  readonly data: object
}

export function writeResult(folder: string, machine: Machine, { name, title, text, data }: Result): void {
  mkdirSync(folder, { recursive: true })
  const page = `# ${title}\n\n${machineLine(machine)}\n\n${text.trim()}\n`
  writeFileSync(join(folder, `${name}.md`), page)
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify({ machine, ...data }, null, 1)}\n`)
  process.stdout.write(`\n${page}\n`)
}
