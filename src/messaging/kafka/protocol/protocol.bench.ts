/**
 * What the hot paths cost, on one core: requests and responses with one partition, and the check of what is produced.
 *
 * Run: node src/messaging/kafka/protocol/protocol.bench.ts
 */
import { concatBytes } from '#kernel/base/bytes.ts'
import { apis } from './apis.ts'
import { FrameSplitter } from './frame-splitter.ts'
import { decodeResponse, encodeRequest, encodeResponse } from './frames.ts'
import { buildBatch, recordsOf, stampOffset, validateProduced } from './records/index.ts'
import { readRequestHead } from './request-head.ts'
import { WireReader } from './wire/wire-reader.ts'
import { WireWriter } from './wire/wire-writer.ts'

function measure(name: string, count: number, run: () => void): void {
  const best = Array.from({ length: 7 }, () => {
    const startMs = process.cpuUsage().user / 1000
    for (let i = 0; i < count; i++) run()
    return process.cpuUsage().user / 1000 - startMs
  }).sort((a, b) => a - b)[1]!
  const perSecond = Math.round((count / best) * 1000)
  console.log(
    `${name.padEnd(52)} ${perSecond.toLocaleString('en').padStart(12)}/s ${((best * 1e6) / count).toFixed(0).padStart(7)} ns`,
  )
}

const timestamp = 1_700_000_000_000
const value = new Uint8Array(100).fill(7)
const batch = buildBatch(Array.from({ length: 100 }, () => ({ timestamp, value })))
const writer = new WireWriter()
const head = { correlationId: 7, clientId: 'client' }
let seen = 0

const produceBody = {
  acks: -1,
  timeoutMs: 1500,
  topicData: [{ name: 'orders', partitionData: [{ index: 0, records: batch }] }],
}
encodeRequest(writer, apis.Produce, { version: 9, ...head, body: produceBody })
const produce = concatBytes(writer.takeParts())
const splitter = new FrameSplitter()
measure('Produce v9 request of 11 kB: frame, head, decode', 200_000, () => {
  splitter.feed(produce)
  splitter.next()
  const reader = new WireReader(splitter.bytes, splitter.start, splitter.end)
  const { apiVersion } = readRequestHead(reader)
  seen += apis.Produce.request.decode(reader, apiVersion).topicData.length
  splitter.next()
})
measure('Produce v9 response: encode', 200_000, () => {
  const partitionResponses = [{ index: 0, errorCode: 0, baseOffset: 123_456, logStartOffset: 0 }]
  const body = { responses: [{ name: 'orders', partitionResponses }] }
  encodeResponse(writer, apis.Produce, { version: 9, correlationId: 7, body })
  seen += writer.takeParts().length
})

const fetchRequest = new WireWriter()
encodeRequest(fetchRequest, apis.Fetch, {
  ...{ version: 12, ...head },
  body: {
    ...{ maxWaitMs: 500, minBytes: 1, sessionId: 5, sessionEpoch: 9 },
    topics: [{ topic: 'orders', partitions: [{ partition: 0, fetchOffset: 12_345, partitionMaxBytes: 1 << 20 }] }],
    forgottenTopicsData: [],
  },
})
const fetch = concatBytes(fetchRequest.takeParts()).subarray(4)
measure('Fetch v12 request: head, decode', 200_000, () => {
  const reader = new WireReader(fetch)
  const { apiVersion } = readRequestHead(reader)
  seen += apis.Fetch.request.decode(reader, apiVersion).topics.length
})
const fetchBody = () => ({
  sessionId: 5,
  responses: [
    {
      topic: 'orders',
      partitions: [{ partitionIndex: 0, errorCode: 0, highWatermark: 9, logStartOffset: 0, records: batch }],
    },
  ],
})
measure('Fetch v12 response around 11 kB: encode', 200_000, () => {
  encodeResponse(writer, apis.Fetch, { version: 12, correlationId: 7, body: fetchBody() })
  seen += writer.takeParts().length
})
encodeResponse(writer, apis.Fetch, { version: 12, correlationId: 7, body: fetchBody() })
const fetched = concatBytes(writer.takeParts()).subarray(4)
measure('Fetch v12 response of 11 kB: decode', 200_000, () => {
  seen += decodeResponse(apis.Fetch, 12, fetched).body.responses.length
})

const brokers = [1, 2, 3].map((nodeId) => ({ nodeId, host: 'broker.example.org', port: 9092 }))
const partitions = Array.from({ length: 12 }, (_, partitionIndex) => ({
  ...{ partitionIndex, errorCode: 0, leaderId: 1, leaderEpoch: 4 },
  ...{ replicaNodes: [1, 2, 3], isrNodes: [1, 2, 3] },
}))
const metadataBody = {
  brokers,
  clusterId: 'cluster',
  topics: [{ errorCode: 0, name: 'orders', topicId: '\0'.repeat(16), partitions }],
}
measure('Metadata v9 response, 12 partitions: encode', 50_000, () => {
  encodeResponse(writer, apis.Metadata, { version: 9, correlationId: 7, body: metadataBody })
  seen += writer.takeParts().length
})
encodeResponse(writer, apis.Metadata, { version: 9, correlationId: 7, body: metadataBody })
const metadata = concatBytes(writer.takeParts()).subarray(4)
measure('Metadata v9 response, 12 partitions: decode', 50_000, () => {
  seen += decodeResponse(apis.Metadata, 9, metadata).body.topics.length
})

const rules = {
  ...{ produceVersion: 9, batchBytesMax: 1 << 20, isCompacted: false, decompression: undefined },
  createTime: { nowMs: timestamp, beforeMaxMs: 1e9, afterMaxMs: 1e9 },
}
measure('batch of 100 records, 11 kB: check and stamp', 20_000, () => {
  seen += validateProduced(batch, rules).header.recordCount
  stampOffset(batch, 0, { baseOffset: 0, leaderEpoch: 5 })
})
measure('batch of 100 records, 11 kB: read', 10_000, () => {
  for (const { offset } of recordsOf(batch)) seen += offset
})
console.log(seen > 0 ? '' : 'nothing was read')
