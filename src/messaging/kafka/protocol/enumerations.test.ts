import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { apis } from './apis.ts'
import { operationBits } from './enumerations.ts'
import { decodeResponse } from './frames.ts'
import { bytesOfHex } from './testing/hex.ts'
import { readVectors } from './testing/vectors.ts'

const answers = new Map(
  readVectors(join(import.meta.dirname, 'testdata/captured.vectors')).map(([, what = '', hex = '']) => [what, hex]),
)
const answer = (what: string) => bytesOfHex(answers.get(what)!)

test('operations are the bits that Kafka sends where nothing is forbidden', () => {
  const { topics } = decodeResponse(apis.DescribeTopicPartitions, 0, answer('DescribeTopicPartitions response v0')).body
  const { groups } = decodeResponse(apis.DescribeGroups, 6, answer('DescribeGroups response v6')).body
  const onGroup = operationBits('read', 'delete', 'describe', 'describeConfigs', 'alterConfigs')
  assert.equal(groups[0]!.authorizedOperations, onGroup)
  assert.equal(topics[0]!.topicAuthorizedOperations, onGroup | operationBits('write', 'create', 'alter'))
})
