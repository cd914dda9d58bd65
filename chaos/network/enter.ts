import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'

/** Set in the process that runs inside. */
const insideVariable = 'UNUM_CHAOS_INSIDE'

const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']

/** Whether this process is the one inside. */
export const isInside = process.env[insideVariable] === '1'

/** Flags of `unshare` that work here: as root, or as the root of a user namespace of one's own. @throws Error that says why none do */
export function unshareFlags(): readonly string[] {
  for (const program of ['ip', 'tc', 'nsenter', 'mount']) {
    if (spawnSync(program, ['-V'], { stdio: 'ignore' }).error) throw new Error(`${program} is missing`)
  }
  let why = ''
  for (const flags of [namespaces, ['--user', '--map-root-user', ...namespaces]]) {
    const { error, status, stderr } = spawnSync('unshare', [...flags, 'ip', 'link', 'add', 'type', 'veth'], {
      encoding: 'utf8',
    })
    if (status === 0) return flags
    why = error ? 'unshare is missing' : stderr.trim().split('\n').at(-1)!
  }
  throw new Error(why)
}

/**
 * Runs this program again in network, mount and process namespaces of its own, as the first process in them: whatever way it
 * ends, the kernel then kills all processes and removes all mounts and devices in them.
 * @returns its exit code
 */
export async function enterNamespaces(flags: readonly string[]): Promise<number> {
  const child = spawn('unshare', [...flags, process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    env: { ...process.env, [insideVariable]: '1' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  // `unshare` itself holds signals back while it waits; killed, it takes what it started along.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill('SIGKILL'))
  const [code] = (await once(child, 'exit')) as [number | null]
  return code ?? 130
}

/** Inside: ends when whoever started it is gone, even killed. */
export function endWithParent(): void {
  process.on('disconnect', () => process.exit(130))
  process.channel?.unref()
}
