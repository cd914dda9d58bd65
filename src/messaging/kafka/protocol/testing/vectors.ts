import { readFileSync } from 'node:fs'

/** Lines of tab-separated columns; `#` begins what is said to people. */
export function readVectors(path: string): string[][] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t'))
}
