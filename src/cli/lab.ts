import { readFileSync } from 'node:fs'
import { UnumError } from '#kernel/base/errors.ts'
import type { LabOptions } from '#lab/index.ts'
import { runLab } from '#lab/index.ts'

/** `unum lab run`: exits with 1 where a seed failed. */
export async function labRun(options: LabOptions): Promise<void> {
  const rejections: unknown[] = []
  process.on('unhandledRejection', (reason) => rejections.push(reason))
  const failed = await runLab(options, {
    line: (text) => process.stdout.write(`${text}\n`),
    nowMs: () => performance.now(),
    readFile: (name) => readScenario(name),
    takeRejections: () => rejections.splice(0),
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
