import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { Arguments } from '#kernel/base/arguments.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { latin1Bytes } from '#kernel/base/bytes.ts'
import { UnumError } from '#kernel/base/errors.ts'
import { simpleConfiguration } from '#kernel/consensus/configuration.ts'
import { entryKinds } from '#kernel/consensus/raft.ts'
import { createSortedMapTree } from '#kernel/storage/tables/index.ts'
import { readAnswer, readCall, writeAnswer, writeCall } from './call-codec.ts'
import { EntryWriter, effectKinds } from './entry.ts'
import { ShardState } from './shard-state.ts'

/** Bytes that are on disks and between nodes: if one of these fails, it is the code that is wrong. */
function example(page: string, heading: string): Uint8Array {
  const text = readFileSync(join(import.meta.dirname, '../../../docs/formats', page), 'utf8')
  const block = text.slice(text.indexOf(heading)).split('```')[1]!
  const hex = block
    .trim()
    .split('\n')
    .map((line) => line.split(';')[0]!)
    .join('')
    .replaceAll(/\s/g, '')
  return Uint8Array.from(Buffer.from(hex, 'hex'))
}
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

const gateway = 2 ** 44 + 5
const timestampUs = 1_700_000_000_000_000

function written(text: string): ByteWriter {
  const writer = new ByteWriter()
  writer.ascii(text)
  return writer
}

function entry(): Uint8Array {
  const made = new EntryWriter()
  const { writer } = made
  made.begin(gateway, 300, 299, timestampUs)
  writer.uint8(effectKinds.put)
  writer.block(latin1Bytes('k'))
  writer.block(latin1Bytes('v'))
  writer.uint8(effectKinds.count)
  writer.text('keys')
  writer.uint8(0)
  writer.varint(1)
  made.end(written('+OK\r\n'), 4096)
  made.begin(gateway, 301, 299, timestampUs + 200)
  writer.uint8(effectKinds.delete)
  writer.block(latin1Bytes('x'))
  made.end(written('long'), 3)
  made.begin(0, 0, 0, timestampUs + 201)
  writer.uint8(effectKinds.deleteRange)
  writer.block(latin1Bytes('a'))
  writer.uint8(1)
  writer.block(latin1Bytes('b'))
  made.end(written(''), 4096)
  return made.take()
}

suite('the documented examples are what the code writes and reads:', () => {
  test('an entry', () => {
    assert.equal(hexOf(entry()), hexOf(example('shard-entry.md', '## Example')))
  })

  test('what a flush keeps beside the rows', async () => {
    const state = new ShardState(createSortedMapTree(), 100_000_000)
    state.apply({ index: 1, term: 1, kind: entryKinds.command, data: entry() }, undefined)
    const meta = state.writeMeta(simpleConfiguration([1, 2, 3]))
    assert.equal(hexOf(meta), hexOf(example('shard-entry.md', '## Example of the state')))

    const tree = createSortedMapTree()
    await tree.flush({ index: 1, term: 1, meta })
    const again = new ShardState(tree, 100_000_000)
    assert.deepEqual(again.readMeta(), simpleConfiguration([1, 2, 3]))
    assert.equal(again.replies.find(gateway, 301), 'lost')
    assert.equal(again.replies.find(gateway, 298), 'stale')
    assert.equal(hexOf(again.writeMeta(simpleConfiguration([1, 2, 3]))), hexOf(meta))

    for (let length = 0; length < meta.length; length++) {
      await tree.flush({ index: 1, term: 1, meta: meta.subarray(0, length) })
      assert.throws(() => again.readMeta(), UnumError, `cut at ${length}`)
    }
    await tree.flush({ index: 1, term: 1, meta: meta.with(0, 2) })
    assert.throws(() => again.readMeta(), /version 2: version 1 is known/)
  })

  test('a call', () => {
    const call = {
      ...{ group: 2, term: 3, gateway, sequence: 300, attempt: 2, low: 299, session: 7 },
      ...{
        followsOwn: true,
        isRetry: true,
        evaluator: 'set@1',
        args: Arguments.of(latin1Bytes('k'), latin1Bytes('v')),
      },
    }
    const writer = new ByteWriter()
    writeCall(writer, call)
    const bytes = example('shard-calls.md', '## Example of a call')
    assert.equal(hexOf(writer.view()), hexOf(bytes))
    const { args, ...rest } = readCall(bytes)
    assert.deepEqual({ ...rest, args: [args.latin1(0), args.latin1(1)] }, { ...call, args: ['k', 'v'] })
  })

  test('an answer', () => {
    const answer = {
      ...{ group: 2, gateway, sequence: 300, attempt: 2 },
      ...{ outcome: 'replied' as const, reply: latin1Bytes('+OK\r\n') },
    }
    const writer = new ByteWriter()
    writeAnswer(writer, answer)
    const bytes = example('shard-calls.md', '## Example of an answer')
    assert.equal(hexOf(writer.view()), hexOf(bytes))
    const read = readAnswer(bytes)
    assert.deepEqual({ ...read, reply: hexOf(read.reply) }, { ...answer, reply: hexOf(answer.reply) })
  })
})
