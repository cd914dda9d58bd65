import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { allMessages, encoded, versionsOf } from './testing/all-messages.ts'
import { bytesOfHex, hexOf } from './testing/hex.ts'
import { valueFromJson } from './testing/json-value.ts'
import { readVectors } from './testing/vectors.ts'

// JSON.parse rounds what is beyond 2^53 as the codec does.
const lines = readVectors(join(import.meta.dirname, 'testdata/messages.vectors'))

for (const message of allMessages) {
  test(`${message.name}: the same bytes as Kafka's own classes, both ways`, () => {
    const own = lines.filter(([name]) => name === message.name)
    assert.deepEqual(
      own.map(([, version]) => Number(version)),
      versionsOf(message),
      'a vector for each version',
    )
    for (const [, versionText, json = '', hex = ''] of own) {
      const version = Number(versionText)
      const value = valueFromJson(message.shape, version, JSON.parse(json))
      assert.equal(hexOf(encoded(message, version, value)), hex, `encoded in version ${version}`)
      assert.deepEqual(message.decodeWhole(bytesOfHex(hex), version), value, `decoded in version ${version}`)
    }
  })
}
