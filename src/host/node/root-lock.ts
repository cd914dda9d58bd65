import * as fs from 'node:fs'
import * as path from 'node:path'
import { UnumError } from '#kernel/base/errors.ts'
import { codeOf } from './system-errors.ts'

/** Name of the lock file in a host's root; the disk does not list it. */
export const lockName = '.lock'

/** Roots that this process holds: the file alone could not tell it from an earlier process with its number. */
const held = new Set<string>()

const attemptsMax = 10

export interface RootLock {
  release(): void
}

/**
 * Locks `root` for this process by a file with its number and start. A lock whose process is gone (or whose number now belongs
 * to another) is taken over; of several that try, one gets it, because the file appears whole by one `link`.
 * @throws UnumError `CONFIGURATION_INVALID` where another live process holds it
 */
export function lockRoot(root: string): RootLock {
  if (held.has(root)) throw inUse(root, `process ${process.pid}, this one`)
  const file = path.join(root, lockName)
  const own = `${process.pid} ${procStat(process.pid)?.start ?? '-'}\n`
  const draft = `${file}.${process.pid}`
  fs.writeFileSync(draft, own, { mode: 0o600 })
  try {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      if (linkNew(draft, file)) {
        held.add(root)
        return { release: () => releaseLock(root, file, own) }
      }
      const found = readOrEmpty(file)
      const owner = liveOwner(found)
      if (owner !== undefined) throw inUse(root, `process ${owner}`)
      putAside(file, found)
    }
  } finally {
    fs.rmSync(draft, { force: true })
  }
  throw inUse(root, 'a process that starts at the same time')
}

function inUse(root: string, owner: string): UnumError {
  return new UnumError(
    'CONFIGURATION_INVALID',
    `Cannot use the directory "${root}": ${owner} uses it. Stop that process or choose another directory`,
  )
}

function releaseLock(root: string, file: string, own: string): void {
  if (!held.delete(root)) return
  if (readOrEmpty(file) === own) fs.rmSync(file, { force: true })
}

function linkNew(draft: string, file: string): boolean {
  try {
    fs.linkSync(draft, file)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

function readOrEmpty(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return ''
    throw error
  }
}

/** The process that a lock names, if it still runs. */
function liveOwner(text: string): number | undefined {
  const [number = '', start = '-'] = text.trim().split(' ')
  const pid = Number(number)
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return undefined
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return undefined
  }
  const now = procStat(pid)
  if (now?.state === 'Z') return undefined // it has ended, and nobody has asked how yet
  if (start !== '-' && now !== undefined && now.start !== start) return undefined
  return pid
}

/** State and start of a process, in the system's own words (proc_pid_stat(5)); undefined where the system does not say. */
function procStat(pid: number): { readonly state: string | undefined; readonly start: string | undefined } | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in brackets and may hold anything; the start is the twentieth after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0], start: fields[19] }
  } catch {
    return undefined
  }
}

/** Moves a stale lock away. One that is not the stale one any more goes back: another process was faster. */
function putAside(file: string, stale: string): void {
  const aside = `${file}.stale.${process.pid}`
  try {
    fs.renameSync(file, aside)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  if (readOrEmpty(aside) !== stale) linkNew(aside, file)
  fs.rmSync(aside, { force: true })
}
