import type { MutantResult } from './result.ts'
import { seedsText } from './result.ts'

/**
 * The section of a markdown file that says which planted bugs were caught. Rows of mutants that were not run now stay as they were, so
 * that a part can be run anew.
 */
const begin = '<!-- planted bugs: written by npm run mutants -->'
const end = '<!-- /planted bugs -->'
const head = ['| bug | what it does | caught by | seeds until caught, median |', '| --- | --- | --- | ---: |']
const missed = '**missed**'

/**
 * @param text of the file, empty for a new one.
 * @param names of all mutants that there are, in order: rows of others go.
 */
export function withEvidence(
  text: string,
  results: readonly MutantResult[],
  options: { readonly names: readonly string[]; readonly seedsMax: number; readonly ranges: number },
): string {
  const { names, seedsMax } = options
  const rows = rowsOf(text)
  for (const result of results) rows.set(result.mutant.name, rowOf(result, seedsMax))
  const shown = names.flatMap((name) => rows.get(name) ?? [])
  const missedCount = shown.filter((row) => row.includes(missed)).length
  const share = ((100 * (shown.length - missedCount)) / shown.length).toFixed(1)
  const section = [
    begin,
    `**${shown.length - missedCount} of ${shown.length} caught (${share} %)**, with up to ${seedsMax} seeds from each of ${options.ranges} starts.`,
    '',
    ...head,
    ...shown,
    end,
  ].join('\n')
  const at = text.indexOf(begin)
  if (at < 0) return `${text === '' ? '# Evidence\n' : text.trimEnd()}\n\n## Planted bugs\n\n${section}\n`
  return text.slice(0, at) + section + text.slice(text.indexOf(end) + end.length)
}

/** By the names of mutants. */
function rowsOf(text: string): Map<string, string> {
  const section = text.slice(text.indexOf(begin), text.indexOf(end))
  return new Map(
    section.split('\n').flatMap((line) => {
      const name = /^\| `([a-z0-9-]+)` \|/.exec(line)?.[1]
      return name === undefined ? [] : [[name, line] as const]
    }),
  )
}

function rowOf({ mutant, isCaught, medianSeeds, ways }: MutantResult, seedsMax: number): string {
  const { name, story, report, waitsFor } = mutant
  const told = report ? `${story} [${report.in}](${report.url}): ${report.what}` : story
  const how = isCaught ? ways.join(', ') : `${missed}${waitsFor ? `: waits for ${waitsFor}` : ''}`
  return `| \`${name}\` | ${told} | ${how} | ${seedsText(medianSeeds, seedsMax)} |`
}
