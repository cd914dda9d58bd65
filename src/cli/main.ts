/**
 * The `unum` command: `bin/unum.js` starts this file on Node 26. Each command is a module of its own, loaded when it is
 * asked for: what `up` does not need must not slow its start.
 */
import { printFailure } from './failure.ts'

// Whoever started us and keeps a channel open (the launcher on an older Node) is gone when it closes: end as if asked to.
if (process.channel && process.argv[2] !== 'node') {
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  process.channel.unref()
}

try {
  if (process.argv[2] === 'node') {
    const { runNode } = await import('./node/run-node.ts')
    await runNode()
  } else {
    const { createProgram } = await import('./program.ts')
    await createProgram().parseAsync()
  }
} catch (error) {
  printFailure(error)
  process.exitCode = 1
}
