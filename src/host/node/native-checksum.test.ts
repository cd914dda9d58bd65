import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32c, useNativeCrc32c } from '#kernel/base/crc32c.ts'
import { createRandom } from '#kernel/base/random.ts'
import { installNativeChecksum } from './native-checksum.ts'

test('the native checksum gives what ours gives, for any range and beginning', () => {
  const random = createRandom('crc')
  const bytes = random.bytes(100_000)
  const ranges = Array.from({ length: 200 }, () => {
    const start = random.below(90_000)
    return { start, end: start + random.below(10_000), initial: random.uint32() }
  })
  useNativeCrc32c(undefined)
  const ours = ranges.map(({ start, end, initial }) => crc32c(bytes, start, end, initial))
  assert.equal(installNativeChecksum(), true)
  const theirs = ranges.map(({ start, end, initial }) => crc32c(bytes, start, end, initial))
  assert.deepEqual(theirs, ours)
})
