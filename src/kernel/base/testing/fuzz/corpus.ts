import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { latin1Bytes, latin1Text } from '../../bytes.ts'

/**
 * Inputs as text, so that a person can read and review them: a line each, as a JSON string with one character per byte.
 * Empty lines and those that begin with `#` say something to people.
 */
export function parseCorpus(text: string): Uint8Array[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => latin1Bytes(JSON.parse(line)))
}

export function corpusLine(input: Uint8Array): string {
  return JSON.stringify(latin1Text(input)).replace(
    /[\x7f-\xff]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  )
}

/** The inputs in `testdata/NAME.corpus` beside a fuzzer; none where there is no such file. */
export function committedCorpus(directory: string, name: string): Uint8Array[] {
  const path = join(directory, 'testdata', `${name}.corpus`)
  return existsSync(path) ? parseCorpus(readFileSync(path, 'utf8')) : []
}
