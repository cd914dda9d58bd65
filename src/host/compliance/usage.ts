import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunWithSubject } from './subject.ts'

/** What every host that knows its process says of it. */
export function testUsage(name: string, run: RunWithSubject): void {
  const check = (claim: string, body: Parameters<RunWithSubject>[0]) => test(`${name} usage: ${claim}`, () => run(body))

  check('memory of the process is within its peak, and that within the machine', async ({ host }) => {
    const { usedBytes, residentBytes, residentBytesPeak, machineBytes, allocator } = host.usage()!
    assert.ok(usedBytes > 1 << 20 && Number.isSafeInteger(usedBytes))
    assert.ok(residentBytes > 1 << 20)
    // The system counts pages per processor and adds them up now and then: the two may be apart by a little.
    assert.ok(residentBytesPeak > 0.95 * residentBytes, `${residentBytes} now, ${residentBytesPeak} at most`)
    assert.ok(residentBytesPeak < machineBytes)
    assert.match(allocator, /^\S+$/)
  })

  check('buffers count as used', async ({ host }) => {
    const before = host.usage()!.usedBytes
    const buffer = new Uint8Array(64 << 20).fill(1)
    assert.ok(host.usage()!.usedBytes - before > buffer.length / 2)
  })

  check('processor time grows while something runs', async ({ host }) => {
    const before = host.usage()!
    const untilMs = host.clock.monotonicMs() + 100
    while (host.clock.monotonicMs() < untilMs);
    const after = host.usage()!
    const spentUs = after.userUs + after.systemUs - before.userUs - before.systemUs
    assert.ok(spentUs > 1000 && spentUs < 100_000_000, `${spentUs} µs`)
  })
}
