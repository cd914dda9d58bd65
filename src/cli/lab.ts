import type { LabOptions } from '#lab/index.ts'
import { runLab } from '#lab/index.ts'

/** `unum lab run`: exits with 1 where a seed failed. */
export async function labRun(options: LabOptions): Promise<void> {
  const rejections: unknown[] = []
  process.on('unhandledRejection', (reason) => rejections.push(reason))
  const failed = await runLab(options, {
    line: (text) => process.stdout.write(`${text}\n`),
    nowMs: () => performance.now(),
    takeRejections: () => rejections.splice(0),
  })
  if (failed > 0) process.exitCode = 1
}
