import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import { integer } from './integer.ts'
import { shardsMax } from './up/limits.ts'

/** The commands and their options. What each does is loaded only when it runs. */
export function createProgram(): Command {
  const program = new Command('unum')
    .description('Many machines, one computer.')
    .version(version(), '-V, --version')
    .showHelpAfterError('(unum --help says more)')
    .enablePositionalOptions()

  program
    .command('up')
    .description('start a cluster of several node processes on this machine, and keep it running until Ctrl-C')
    .option('--nodes <count>', 'how many nodes, 1 to 7 (default: as many as the data has, else 3)', integer(1, 7))
    .option('--data <folder>', 'where the data is kept; the same folder starts again with its data', 'unum-data')
    .option('--host <address>', 'loopback address to listen on', '127.0.0.1')
    .addOption(
      new Option(
        '--ports <choice>',
        'standard: node k listens on each protocol’s usual port + k - 1; auto: any free ones',
      )
        .choices(['standard', 'auto'])
        .default('standard'),
    )
    .option('--shards <count>', 'into how many shards a new cluster cuts its keys (default: 1)', integer(1, shardsMax))
    .option('--no-restart', 'leave a node that died dead, instead of starting it again after a second')
    .option('--json', 'print lines of JSON instead of a table')
    .action(async (options) => (await import('./up/up.ts')).up(options))

  program
    .command('redis')
    .description('talk to a node in the Redis protocol: a prompt, or one command given as words')
    .argument('[words...]', 'a command to send, as in: unum redis SET greeting hello')
    .option('--at <host:port>', 'the node', '127.0.0.1:6379')
    .passThroughOptions()
    .action(async (words, options) => (await import('./redis/redis.ts')).redis(words, options))

  program
    .command('status')
    .description('show nodes, shards, leaders, lag and disk of a running cluster')
    .option('--at <host:port>', 'admin endpoint of any node (default: the standard ports of this machine)')
    .option('--json', 'print JSON instead of tables')
    .action(async (options) => (await import('./status/status.ts')).status(options))

  const lab = program.command('lab').description('simulated clusters in virtual time, with faults')
  lab
    .command('run')
    .description(
      'run a simulated cluster for each of several seeds and check every reply; a seed always runs the same way',
    )
    .option('--seeds <count>', 'how many seeds (default: 10)', integer(1, Number.MAX_SAFE_INTEGER))
    .option('--from <seed>', 'the first of them (default: 1)', integer(0, Number.MAX_SAFE_INTEGER))
    .option('--seed <seed>', 'run only this one', integer(0, Number.MAX_SAFE_INTEGER))
    .option('--scenario <name or file.json>', 'which faults; an unknown name lists them')
    .option('--trace', 'print what happens, event by event')
    .option('--json', 'print lines of JSON')
    .action(async (options) => (await import('./lab.ts')).labRun(options))

  return program
}

function version(): string {
  const manifest: { version: string } = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'),
  )
  return manifest.version
}
