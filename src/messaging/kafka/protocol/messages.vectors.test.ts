import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { allMessages, encoded, versionsOf } from './testing/all-messages.ts'
import { bytesOfHex, hexOf } from './testing/hex.ts'
import { valueFromJson } from './testing/json-value.ts'

/** Fields of 64 bits are beyond what JSON.parse keeps only where they stand for the highest and the lowest. */
const lines = readFileSync(join(import.meta.dirname, 'testdata/messages.vectors'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => line.split('\t') as [name: string, version: string, json: string, hex: string])

for (const message of allMessages) {
  test(`${message.name}: the same bytes as Kafka's own classes, both ways`, () => {
    const own = lines.filter(([name]) => name === message.name)
    assert.deepEqual(
      own.map(([, version]) => Number(version)),
      versionsOf(message),
      'a vector for each version',
    )
    for (const [, versionText, json, hex] of own) {
      const version = Number(versionText)
      const value = valueFromJson(message.shape, version, JSON.parse(json))
      assert.equal(hexOf(encoded(message, version, value)), hex, `encoded in version ${version}`)
      assert.deepEqual(message.decodeWhole(bytesOfHex(hex), version), value, `decoded in version ${version}`)
    }
  })
}
