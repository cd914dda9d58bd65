import { mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { corpusLine, type Finding, type SessionReport } from '#kernel/base/testing/fuzz/index.ts'
import { root } from './targets.ts'

export const findingsFolder = join(root, 'fuzz/findings')

const columns = [
  ['target', 22, (report: SessionReport) => report.target],
  ['inputs', -13, (report: SessionReport) => grouped(report.inputs)],
  ['seconds', -9, (report: SessionReport) => report.seconds.toFixed(1)],
  ['per second', -12, (report: SessionReport) => grouped(Math.round(report.inputs / Math.max(report.seconds, 0.001)))],
  ['outcomes', -10, (report: SessionReport) => grouped(report.outcomes)],
  ['slowest ms', -12, (report: SessionReport) => report.slowestMs.toFixed(2)],
  ['kept MiB', -10, (report: SessionReport) => (report.retainedBytes / (1 << 20)).toFixed(1)],
] as const

export function heading(): string {
  return columns.map(([name, width]) => padded(name, width)).join('')
}

export function reportLine(report: SessionReport): string {
  return columns.map(([, width, text]) => padded(text(report), width)).join('')
}

/** Writes the input where it can be run again. @returns what to tell people of it */
export function keepFinding(finding: Finding): string {
  const { target, seed, problem, input } = finding
  const file = join(findingsFolder, `${target}-${seed.replaceAll(/[/.]/g, '-')}.corpus`)
  const shown = relative(root, file)
  const first = problem.details.split('\n')[0]!
  const isOneInput = seed.includes('/')
  const again = isOneInput ? `npm run fuzz -- --replay ${shown}` : `npm run fuzz -- --target ${target} --seed ${seed}`
  const lines = [
    `# target ${target}`,
    `# ${problem.kind}: ${first}`,
    `# again: ${again}`,
    `# found as: npm run fuzz -- --target ${target} --seed ${seed}`,
    ...(isOneInput ? [corpusLine(input)] : []),
  ]
  mkdirSync(findingsFolder, { recursive: true })
  writeFileSync(file, `${lines.join('\n')}\n`)
  return [`FOUND in ${target}: ${problem.kind}: ${problem.details}`, ...lines.slice(2)].join('\n')
}

const grouped = (count: number) => count.toLocaleString('en')
const padded = (text: string, width: number) => (width < 0 ? text.padStart(-width) : text.padEnd(width))
