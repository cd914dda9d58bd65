/** Starts a node in this process, as a program or a test would, and prints how long that took after the import. */
import { startUnum } from '#sdk/index.ts'

const importedMs = performance.now()
await using unum = await startUnum()
const readyMs = performance.now()
process.stdout.write(
  `${JSON.stringify({ importMs: importedMs, startMs: readyMs - importedMs, endpoint: unum.endpoint('redis') })}\n`,
)
