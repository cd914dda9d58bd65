import { totalmem } from 'node:os'
import type { ProcessUsage } from '#kernel/base/host.ts'

/** Some twenty microseconds of system calls: for whoever asks now and then. */
export function processUsage(): ProcessUsage {
  const { heapUsed, external, rss } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  return {
    usedBytes: heapUsed + external, // buffers are among the external
    residentBytes: rss,
    residentBytesPeak: process.resourceUsage().maxRSS * 1024,
    machineBytes: totalmem(),
    allocator: `v8-${process.versions.v8}`,
    userUs: user,
    systemUs: system,
  }
}
