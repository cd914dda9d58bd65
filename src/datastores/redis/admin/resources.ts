import type { RedisServer } from '../connection/server.ts'

/**
 * What the node's process takes of its machine, in the words of INFO. A figure of Redis that has no counterpart here is left out, and so is
 * all of the process where the host knows nothing of it.
 */

type Fields = Readonly<Record<string, string | number>>

/** None: rows go to files, and nothing is evicted for want of memory. */
export const memoryLimit = { bytes: 0, policy: 'noeviction' } as const

export function memoryFields({ context }: RedisServer): Fields {
  const usage = context.usage()
  return {
    ...(usage && {
      ...bytes('used_memory', usage.usedBytes),
      ...bytes('used_memory_rss', usage.residentBytes),
      ...bytes('used_memory_peak', usage.residentBytesPeak),
      ...bytes('total_system_memory', usage.machineBytes),
    }),
    ...bytes('maxmemory', memoryLimit.bytes),
    maxmemory_policy: memoryLimit.policy,
    ...(usage && { mem_allocator: usage.allocator }),
  }
}

export function cpuFields({ context }: RedisServer): Fields {
  const usage = context.usage()
  if (!usage) return {}
  return { used_cpu_sys: seconds(usage.systemUs), used_cpu_user: seconds(usage.userUs) }
}

/** Redis has each figure twice. */
function bytes(name: string, value: number): Fields {
  return { [name]: value, [`${name}_human`]: humanBytes(value) }
}

function seconds(us: number): string {
  return (us / 1_000_000).toFixed(6)
}

const units = ['K', 'M', 'G', 'T', 'P']

function humanBytes(value: number): string {
  if (value < 1024) return `${value}B`
  let scaled = value / 1024
  let at = 0
  for (; scaled >= 1024 && at < units.length - 1; at++) scaled /= 1024
  return `${scaled.toFixed(2)}${units[at]}`
}
