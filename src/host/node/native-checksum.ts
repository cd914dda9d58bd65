import { createRequire } from 'node:module'
import { crc32c, useNativeCrc32c } from '#kernel/base/crc32c.ts'

type Crc32c = (bytes: Uint8Array, initial: number) => number

/**
 * Lets `crc32c` use the processor's instruction where the native package loads and agrees with ours. Returns whether it
 * does.
 */
export function installNativeChecksum(): boolean {
  let native: Crc32c
  try {
    native = (createRequire(import.meta.url)('@node-rs/crc32') as { crc32c: Crc32c }).crc32c
  } catch {
    // An optional part: platforms without a binary use our own code.
    return false
  }
  const sample = Uint8Array.from({ length: 1024 }, (_, index) => (index * 131) & 0xff)
  useNativeCrc32c(undefined)
  const whole = crc32c(sample)
  const agrees =
    native(sample, 0) >>> 0 === whole && native(sample.subarray(700), crc32c(sample, 0, 700)) >>> 0 === whole
  if (agrees) useNativeCrc32c(native)
  return agrees
}
