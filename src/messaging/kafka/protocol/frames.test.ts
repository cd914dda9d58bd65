import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { concatBytes } from '#kernel/base/bytes.ts'
import { apiVersionsBody, serve, unknownApiVersionsBody } from './api-versions.ts'
import { type ApiName, apis } from './apis.ts'
import { FrameSplitter } from './frame-splitter.ts'
import { decodeResponse, encodeRequest, encodeResponse } from './frames.ts'
import { spliceBytesMin } from './limits.ts'
import { readRequestHead } from './request-head.ts'
import { bytesOfHex, hexOf } from './testing/hex.ts'
import { readVectors } from './testing/vectors.ts'
import type { Api } from './wire/api.ts'
import { WireReader } from './wire/wire-reader.ts'
import { WireWriter } from './wire/wire-writer.ts'

const frameHex = (writer: WireWriter) => hexOf(concatBytes(writer.takeParts()).subarray(4))

suite('frames between real clients and Kafka', () => {
  const vectors = readVectors(join(import.meta.dirname, 'testdata/captured.vectors'))
  const senders = new Set(vectors.map(([sender = '']) => sender))
  for (const sender of senders) {
    test(`of ${sender} are read, and written the same`, () => {
      for (const [from, what = '', hex = ''] of vectors) {
        if (from !== sender) continue
        const [name = '', direction, versionText = ''] = what.split(' ')
        const api = apis[name as ApiName] as Api
        const version = Number(versionText.slice(1))
        const writer = new WireWriter()
        if (direction === 'request') {
          const reader = new WireReader(bytesOfHex(hex))
          const head = readRequestHead(reader)
          assert.equal(head.api, api)
          assert.equal(head.apiVersion, version)
          const body = api.request.decode(reader, version)
          assert.equal(reader.remaining, 0, what)
          encodeRequest(writer, api, { version, ...head, body: body as never })
        } else {
          const { correlationId, body } = decodeResponse(api, version, bytesOfHex(hex))
          encodeResponse(writer, api, { version, correlationId, body: body as never })
        }
        assert.equal(frameHex(writer), hex, what)
      }
    })
  }
})

suite('the head of a request', () => {
  const write = (...parts: (string | number)[]) =>
    bytesOfHex(parts.map((part) => (typeof part === 'number' ? part.toString(16).padStart(4, '0') : part)).join(''))

  test('of an unknown API or version says what an answer needs', () => {
    const unknown = readRequestHead(new WireReader(write(999, 3, '00000007', 'ffff')))
    assert.deepEqual([unknown.api, unknown.isKnownVersion, unknown.correlationId], [undefined, false, 7])
    const newer = readRequestHead(new WireReader(write(18, 90, '00000008', 'ffffffffffff')))
    assert.deepEqual([newer.api?.name, newer.isKnownVersion, newer.correlationId], ['ApiVersions', false, 8])
    const older = readRequestHead(new WireReader(write(0, 2, '00000009')))
    assert.deepEqual([older.api?.name, older.isKnownVersion, older.correlationId], ['Produce', false, 9])
    const negative = readRequestHead(new WireReader(write(0, 'ffff', '0000000a')))
    assert.deepEqual([negative.api?.name, negative.isKnownVersion], ['Produce', false])
  })

  test('takes a client id that is not UTF-8, or none', () => {
    assert.equal(readRequestHead(new WireReader(write(18, 0, '00000001', 2, '61ff'))).clientId, 'a\ufffd')
    assert.equal(readRequestHead(new WireReader(write(18, 0, '00000001', 'ffff'))).clientId, null)
  })

  test('skips tagged fields, and refuses what is cut off', () => {
    const bytes = write(18, 3, '00000001', 1, '61', '02', '0001aa', '0502bbcc')
    assert.equal(readRequestHead(new WireReader(bytes)).clientId, 'a')
    for (let length = 0; length < bytes.length; length++) {
      assert.throws(() => readRequestHead(new WireReader(bytes.slice(0, length))), { code: 'DATA_DAMAGED' })
    }
  })
})

suite('the answer to ApiVersions', () => {
  const served = [serve(apis.Produce, 3, 9), serve(apis.ApiVersions), serve(apis.Fetch, 4, 12)]

  test('says what is served, by key', () => {
    assert.deepEqual(apiVersionsBody(served).apiKeys, [
      { apiKey: 0, minVersion: 3, maxVersion: 9 },
      { apiKey: 1, minVersion: 4, maxVersion: 12 },
      { apiKey: 18, minVersion: 0, maxVersion: 4 },
    ])
    assert.throws(() => serve(apis.Produce, 2), /Produce has no version 2/)
    assert.throws(() => serve(apis.Produce, 3, 14), /Produce has no version 14/)
  })

  test('to a version that is not known is of version 0, with the versions of ApiVersions', () => {
    const writer = new WireWriter()
    encodeResponse(writer, apis.ApiVersions, { version: 0, correlationId: 5, body: unknownApiVersionsBody(served) })
    assert.equal(frameHex(writer), '000000050023000000010012' + '00000004')
  })

  test('never has tagged fields in its head', () => {
    const writer = new WireWriter()
    const body = apiVersionsBody(served)
    encodeResponse(writer, apis.ApiVersions, { version: 3, correlationId: 5, body })
    assert.equal(frameHex(writer).slice(0, 12), '000000050000')
  })
})

suite('a response with records', () => {
  const large = new Uint8Array(spliceBytesMin).fill(1)
  const small = new Uint8Array(10).fill(2)
  const partition = (partitionIndex: number, records: Uint8Array | Uint8Array[] | null) => {
    return { partitionIndex, errorCode: 0, highWatermark: 9, records }
  }
  const body = {
    responses: [{ topic: 'a', partitions: [partition(0, large), partition(1, [small, large]), partition(2, null)] }],
  }

  test('is written around the slices, which are not copied', () => {
    const writer = new WireWriter()
    encodeResponse(writer, apis.Fetch, { version: 12, correlationId: 1, body })
    encodeResponse(writer, apis.Fetch, { version: 12, correlationId: 2, body })
    const parts = writer.takeParts()
    assert.equal(parts.filter((part) => part === large).length, 4)
    const whole = concatBytes(parts)
    const firstLength = new DataView(whole.buffer, whole.byteOffset).getInt32(0)
    const first = decodeResponse(apis.Fetch, 12, whole.subarray(4, 4 + firstLength))
    const second = decodeResponse(apis.Fetch, 12, whole.subarray(8 + firstLength))
    assert.deepEqual(first.body, second.body)
    const [one, two, three] = first.body.responses[0]!.partitions
    assert.deepEqual(one!.records, large)
    assert.deepEqual(two!.records, concatBytes([small, large]))
    assert.equal(three!.records, null)
    assert.deepEqual(writer.takeParts(), [])
  })
})

test('a frame that cannot be written leaves nothing behind', () => {
  const writer = new WireWriter()
  const records = new Uint8Array(spliceBytesMin)
  const partitions = [{ partitionIndex: 0, errorCode: 0, highWatermark: 9, records }]
  const frame = (topic: string | null) => {
    const body = {
      responses: [
        { topic: 'a', partitions },
        { topic: topic as string, partitions },
      ],
    }
    encodeResponse(writer, apis.Fetch, { version: 12, correlationId: 1, body })
  }
  frame('b')
  assert.throws(() => frame(null), TypeError)
  frame('c')
  const splitter = new FrameSplitter()
  splitter.feed(concatBytes(writer.takeParts()))
  const topics: string[][] = []
  while (splitter.next() === 'frame') {
    const { body } = decodeResponse(apis.Fetch, 12, splitter.bytes.subarray(splitter.start, splitter.end))
    topics.push(body.responses.map(({ topic }) => topic))
  }
  assert.deepEqual(topics, [
    ['a', 'b'],
    ['a', 'c'],
  ])
})

suite('what cannot be said', () => {
  const encode = (version: number, body: object) => () =>
    encodeRequest(new WireWriter(), apis.JoinGroup, { version, correlationId: 1, clientId: null, body: body as never })
  const body = { groupId: 'g', sessionTimeoutMs: 1, memberId: '', protocolType: 'consumer', protocols: [] }

  test('in a version is refused where it would be lost, unless that does not matter', () => {
    assert.throws(encode(4, { ...body, groupInstanceId: 'i' }), /Cannot encode groupInstanceId in version 4/)
    encode(4, { ...body, groupInstanceId: null })()
    encode(4, { ...body, reason: 'told to' })()
  })

  test('at all is refused: null, a text that is too long', () => {
    assert.throws(encode(5, { ...body, groupId: null }), TypeError)
    assert.throws(encode(5, { ...body, groupId: 'x'.repeat(32_768) }), RangeError)
    encode(6, { ...body, groupId: 'x'.repeat(32_768) })()
  })
})
