/** What Linux says about processes under /proc. */
import { readFileSync, statSync } from 'node:fs'

/** The kernel's USER_HZ: 100 on every architecture that Node runs on. */
const msPerTick = 10

/** Of /proc/diskstats, whatever the disk's own are. */
const sectorBytes = 512

/** Fields of /proc/PID/stat from the third on (`state`): the second is the title in parentheses, which may hold anything. */
function statFields(pid: number | 'self'): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

/** Processor time of a process with all its threads, user and system, in ms; steps of 10 ms. */
export function cpuMs(pid: number): number {
  const fields = statFields(pid)
  return (Number(fields[11]) + Number(fields[12])) * msPerTick
}

/** Processor time of this process's children that have ended and were waited for, in ms. */
export function endedChildrenCpuMs(): number {
  const fields = statFields('self')
  return (Number(fields[13]) + Number(fields[14])) * msPerTick
}

/** Resident memory in MB (2^20 bytes). */
export function residentMb(pid: number): number {
  const found = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(found?.[1] ?? 0) / 1024
}

/**
 * Bytes written so far to the disk that a folder is on, by everybody; undefined where it is no block device of its own. What
 * /proc/PID/io says would be several times too much: it counts whole large folios of the page cache.
 */
export function diskWrittenBytes(folder: string): number | undefined {
  const { dev } = statSync(folder)
  const [major, minor] = [(dev >>> 8) & 0xfff, (dev & 0xff) | ((dev >>> 12) & 0xfff00)]
  for (const line of readFileSync('/proc/diskstats', 'utf8').split('\n')) {
    const fields = line.trim().split(/\s+/)
    if (Number(fields[0]) === major && Number(fields[1]) === minor) return Number(fields[9]) * sectorBytes
  }
  return undefined
}

/** Process ids of the children of a process; none where it is gone. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

/** Processor time of all processors since the start of the system, in ms, without that spent idle. */
export function busyMs(): number {
  const [user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'utf8')
    .split('\n', 1)[0]!
    .split(/\s+/)
    .slice(1)
    .map(Number)
  return (user! + nice! + system! + irq! + softirq! + steal!) * msPerTick
}
