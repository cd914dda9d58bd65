import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { UnumError } from '#kernel/base/errors.ts'
import type { LabOptions } from '#lab/index.ts'
import { runLab } from '#lab/index.ts'

export interface LabRunOptions extends LabOptions {
  /** A folder for the histories of all seeds, one file each. */
  readonly history?: string
}

/** `unum lab run`: exits with 1 where a seed failed. */
export async function labRun({ history, ...options }: LabRunOptions): Promise<void> {
  const rejections: unknown[] = []
  process.on('unhandledRejection', (reason) => rejections.push(reason))
  const failed = await runLab(options, {
    line: (text) => process.stdout.write(`${text}\n`),
    nowMs: () => performance.now(),
    readFile: (name) => readScenario(name),
    takeRejections: () => rejections.splice(0),
    history: history === undefined ? undefined : (seed, lines) => writeHistory(history, seed, lines),
  })
  if (failed > 0) process.exitCode = 1
}

function readScenario(name: string): string {
  try {
    return readFileSync(name, 'utf8')
  } catch (cause) {
    throw new UnumError('CONFIGURATION_INVALID', `Cannot read scenario file "${name}": ${(cause as Error).message}`, {
      cause,
    })
  }
}

function writeHistory(folder: string, seed: number, lines: Iterable<string>): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `seed-${seed}.jsonl`), [...lines].map((line) => `${line}\n`).join(''))
}
