import { EvaluationTwin } from '#datastores/redis/testing/evaluation-twin.ts'
import { Arguments } from '#kernel/base/arguments.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { utf8Bytes } from '#kernel/base/bytes.ts'
import { bucket, check, committedCorpus, type FuzzTarget, refusalOf } from '#kernel/base/testing/fuzz/index.ts'
import {
  announceArguments,
  announceEvaluator,
  CatalogueReader,
  catalogueRange,
  cutSlots,
  directoryEvaluators,
  type FirstCatalogue,
  formArguments,
  formEvaluator,
} from './catalogue.ts'

/**
 * What another node may say to the directory, and rows that say anything. An input is a list of `what u8, length u16, bytes`:
 * 0 forms the cluster, 1 announces a node, others are rows, `key length u8, key, value`.
 */
const catalogue: FirstCatalogue = {
  clusterId: '0123456789abcdef0123456789abcdef',
  nodes: [1, 2, 3].map((id) => ({ name: `n${id}`, id, zone: 'abc'[id - 1]!, endpoints: {}, evaluators: {} })),
  shards: cutSlots(16_384, 2).map(([firstSlot, lastSlot], i) => ({
    ...{ group: i + 2, space: 'redis', firstSlot, lastSlot, replicas: [1, 2, 3] },
  })),
}

function packed(parts: readonly { readonly what: number; readonly bytes: Uint8Array }[]): Uint8Array {
  const writer = new ByteWriter()
  for (const { what, bytes } of parts) {
    writer.uint8(what)
    writer.uint16(bytes.length)
    writer.raw(bytes)
  }
  return writer.take()
}

const row = (key: string, value: unknown) => ({
  what: 2,
  bytes: utf8Bytes(String.fromCharCode(key.length) + key + JSON.stringify(value)),
})
const form = { what: 0, bytes: formArguments(catalogue).slice(0) }
const announce = {
  what: 1,
  bytes: announceArguments({
    name: 'n2',
    endpoints: { redis: '127.0.0.1:6379' },
    evaluators: { 'get.resp2': [1, 1], 'set.resp2': [1, 2] },
  }).slice(0),
}

function feed(input: Uint8Array, evaluation: EvaluationTwin, reader: CatalogueReader): number {
  let refused = 0
  for (let at = 0; at + 3 <= input.length; ) {
    const end = at + 3 + (input[at + 1]! | (input[at + 2]! << 8))
    const bytes = input.subarray(at + 3, end)
    const name = [`${formEvaluator}@1`, `${announceEvaluator}@1`][input[at]!]
    const act = () => {
      if (name === undefined) {
        const valueAt = 1 + (bytes[0] ?? 0)
        reader.row(bytes.subarray(1, valueAt), bytes.subarray(valueAt))
        return
      }
      evaluation.begin('write')
      directoryEvaluators.find((spec) => spec.name === name)!.run(evaluation, Arguments.of(bytes), new ByteWriter())
    }
    if (refusalOf(act, 'DATA_DAMAGED')) refused++
    at = end
  }
  return refused
}

const target: FuzzTarget = {
  name: 'directory-catalogue',
  family: 'configuration',
  refusals: ['DATA_DAMAGED'],
  inputBytesMax: 1024,
  dictionary: [
    'null',
    '[]',
    '{}',
    '""',
    '"id":',
    '-1',
    '1e999',
    '"__proto__":',
    '"endpoints":{',
    'node/',
    'shard/',
    'cluster',
  ],
  corpus: () => [
    packed([form, announce]),
    packed([row('cluster', { id: 'c' }), row('node/n1', catalogue.nodes[0]), row('shard/2', catalogue.shards[0])]),
    packed([form, row('shard/9', catalogue.shards[1])]),
    ...committedCorpus(import.meta.dirname, 'directory-catalogue'),
  ],
  run(input) {
    const evaluation = new EvaluationTwin()
    const reader = new CatalogueReader()
    const refused = feed(input, evaluation, reader)
    // What was let in can be read back.
    const rows = evaluation.scan(catalogueRange)
    while (rows.next()) reader.row(rows.key, rows.value)
    const found = reader.finish()
    for (const { id, endpoints } of found?.nodes ?? []) {
      check(
        Number.isSafeInteger(id) && Object.values(endpoints).every((text) => typeof text === 'string'),
        'a node is one',
      )
    }
    for (const { firstSlot, lastSlot, replicas } of found?.shards ?? []) {
      check(firstSlot <= lastSlot && replicas.every(Number.isSafeInteger), 'a shard is one')
    }
    return `${bucket(refused)} ${found?.nodes.length} ${found?.shards.length}`
  },
}

export const targets = [target]
