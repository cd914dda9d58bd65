/**
 * A real cluster as processes, broken on purpose. See README.md.
 *
 * Run: npm run chaos -- [--minutes 10] [--seed S] [--faults a,b] [--nodes 3] [--network auto] [--keep FOLDER] [--json]
 */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onEnd } from '../bench/tools/child.ts'
import type { Disks } from './cluster/disks.ts'
import { FolderDisks, MemoryDisks } from './cluster/disks.ts'
import type { ChaosNetwork } from './network/chaos-network.ts'
import { endWithParent, enterNamespaces, isInside, unshareFlags } from './network/enter.ts'
import { NamespaceNetwork } from './network/namespace-network.ts'
import { RelayNetwork } from './network/relay-network.ts'
import type { ChaosOptions } from './options.ts'
import { OptionError, parseOptions } from './options.ts'
import { reportText } from './report.ts'
import { runChaos } from './run-chaos.ts'

const say = (text: string) => void process.stderr.write(`chaos: ${text}\n`)

function readOptions(): ChaosOptions {
  try {
    return parseOptions(process.argv.slice(2))
  } catch (error) {
    if (!(error instanceof OptionError)) throw error
    say(error.message)
    process.exit(2)
  }
}

/** Namespaces where the system allows them. @returns flags for entering them, or undefined for relays */
function chooseNetwork(choice: ChaosOptions['network']): readonly string[] | undefined {
  if (choice === 'relay') return undefined
  try {
    return unshareFlags()
  } catch (error) {
    if (choice === 'namespaces') {
      say(`no network namespaces can be made here: ${(error as Error).message}`)
      process.exit(2)
    }
    say(`NO NETWORK NAMESPACES can be made here (${(error as Error).message}): relays stand between the nodes instead`)
    return undefined
  }
}

async function surround(names: readonly string[]): Promise<{ network: ChaosNetwork; disks: Disks }> {
  if (isInside) {
    endWithParent()
    const network = new NamespaceNetwork(names)
    return { network, disks: new MemoryDisks('/run/chaos', names) }
  }
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'unum-chaos-')))
  onEnd(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  return { network: await RelayNetwork.open(names), disks: new FolderDisks(folder) }
}

const options = readOptions()
if (!isInside) {
  const flags = chooseNetwork(options.network)
  if (flags) process.exit(await enterNamespaces(flags))
}

const names = Array.from({ length: options.nodes }, (_, i) => `n${i + 1}`)
const beganMs = performance.now()
const note = (text: string) => say(`${((performance.now() - beganMs) / 1000).toFixed(2).padStart(7)} s  ${text}`)
note(`seed ${options.seed}`)
const { network, disks } = await surround(names)
const report = await runChaos(options, { names, network, disks, note })
await network.close()
process.stdout.write(`${options.json ? JSON.stringify(report) : reportText(report)}\n`)
process.exit(report.verdict === 'pass' ? 0 : 1)
