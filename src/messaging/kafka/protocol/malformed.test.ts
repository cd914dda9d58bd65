import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apis } from './apis.ts'
import { elementsMax } from './limits.ts'
import { assignment, decodeVersioned, encodeVersioned, subscription } from './messages/consumer-protocol.ts'
import { bytesOfHex } from './testing/hex.ts'
import { parseUuid, uuidText, zeroUuid } from './uuid.ts'
import type { Api } from './wire/api.ts'
import { WireReader } from './wire/wire-reader.ts'

const decode = (api: Api, version: number, hex: string) => () =>
  api.request.decode(new WireReader(bytesOfHex(hex)), version)
const refused = (message: RegExp) => ({ code: 'DATA_DAMAGED', message })

test('an error says where in the message it is', () => {
  const hex = 'ffff0001000003e8' + '00000001' + '000161' + '00000001' + '00000000' + '000000ff'
  assert.throws(
    decode(apis.Produce, 3, hex),
    refused(/^Cannot decode Produce request v3 at topicData\[0\]\.partitionData\[0\]\.records: 255 bytes announced/),
  )
})

test('counts and lengths that cannot be are refused before anything is taken for them', () => {
  assert.throws(decode(apis.DeleteGroups, 0, '7fffffff'), refused(/groupsNames: 2147483647 elements announced/))
  assert.throws(decode(apis.DeleteGroups, 0, 'fffffffe'), refused(/groupsNames: A length before 4 is negative: -2/))
  assert.throws(decode(apis.DeleteGroups, 0, 'ffffffff'), refused(/groupsNames: Null before 4/))
  assert.throws(decode(apis.DeleteGroups, 2, '00'), refused(/groupsNames: Null before 1/))
  assert.throws(decode(apis.DeleteGroups, 2, 'ffffffffff7f'), refused(/groupsNames: A varint .* above 2\^32 - 1/))
  assert.throws(decode(apis.DeleteGroups, 2, 'ffffffffffffffffffff01'), refused(/groupsNames: Varint/))
  assert.throws(
    decode(apis.DeleteGroups, 2, '02ffffffff0f'),
    refused(/groupsNames\[0\]: A text of 4294967294 bytes at 6: at most 32767/),
  )
  assert.throws(decode(apis.DeleteGroups, 0, '00000001ffff'), refused(/groupsNames\[0\]: Null/))
  assert.throws(decode(apis.DeleteGroups, 0, '000000018000'), refused(/groupsNames\[0\]: A length .* -32768/))
})

test('the elements of all arrays of a message together are bounded', () => {
  // Each element takes two bytes, so that they are all there.
  const bytes = new Uint8Array(4 + 2 * (elementsMax + 1))
  new DataView(bytes.buffer).setInt32(0, elementsMax + 1)
  assert.throws(() => apis.DeleteGroups.request.decode(new WireReader(bytes), 0), refused(/More than 1000000 elements/))
})

test('text that is not UTF-8 gets U+FFFD in the place of what is not', () => {
  assert.deepEqual(decode(apis.DeleteGroups, 0, '00000002' + '0001ff' + '0004efbfbdff')(), {
    groupsNames: ['\ufffd', '\ufffd\ufffd'],
  })
})

test('unknown tagged fields are skipped; those out of order, too long, or with a length of their own are refused', () => {
  const heartbeat = (tagged: string) => decode(apis.Heartbeat, 4, `0261${'00000001'}0262${'00'}${tagged}`)
  assert.deepEqual(heartbeat('00')(), heartbeat('02' + '0001ff' + '070102')())
  assert.throws(heartbeat('02' + '0501ff' + '0501ff'), refused(/Tag 5 .* comes after tag 5/))
  assert.throws(heartbeat('02' + '0501ff' + '0401ff'), refused(/Tag 4 .* comes after tag 5/))
  assert.throws(heartbeat('01' + '0502ff'), refused(/Tagged field 5 of 2 bytes/))
  assert.throws(heartbeat('ff0f'), refused(/2047 tagged fields/))
  const fetch = (tagged: string) =>
    decode(apis.Fetch, 12, `${'ffffffff'}${'00000001'.repeat(3)}00${'00000000'.repeat(2)}010101${tagged}`)
  assert.equal((fetch('01' + '00' + '03' + '036262')() as { clusterId: string }).clusterId, 'bb')
  assert.throws(fetch('01' + '00' + '04' + '03626200'), refused(/Tagged field 0 announced 4 bytes .* has 3/))
  assert.throws(fetch('01' + '00' + '02' + '036262'), refused(/Tagged field 0 announced 2 bytes .* has 3/))
})

test('what follows a request is not looked at: librdkafka sends Metadata v13 with three bytes too many', () => {
  const reader = new WireReader(bytesOfHex('0000000001' + '0000'))
  apis.Metadata.request.decode(reader, 13)
  assert.equal(reader.remaining, 3)
})

test('a consumer that knows a newer protocol is understood as far as it goes', () => {
  const value = { topics: ['a', 'b'], userData: null, ownedPartitions: [], generationId: 3, rackId: 'r' }
  const bytes = encodeVersioned(subscription, value)
  assert.deepEqual(decodeVersioned(subscription, bytes), value)
  bytes[1] = 9
  assert.deepEqual(decodeVersioned(subscription, Uint8Array.of(...bytes, 1, 2, 3)), value)
  const older = { ...value, generationId: -1, rackId: null }
  assert.deepEqual(decodeVersioned(subscription, encodeVersioned(subscription, value, 1)), older)
  assert.throws(() => decodeVersioned(assignment, Uint8Array.of(0xff, 0xff)), refused(/version -1/))
  assert.throws(() => decodeVersioned(assignment, new Uint8Array(1)), { code: 'DATA_DAMAGED' })
})

test('identifiers are shown as Kafka shows them', () => {
  const shown = 'MkQkQtNuQ5yD3zxLMkSMKQ'
  assert.equal(uuidText(parseUuid(shown)!), shown)
  assert.equal(uuidText(zeroUuid), 'AAAAAAAAAAAAAAAAAAAAAA')
  for (const wrong of ['', 'A', `${shown}A`, `${shown.slice(0, 21)}R`, `${shown.slice(0, 21)}!`]) {
    assert.equal(parseUuid(wrong), undefined, wrong)
  }
})
