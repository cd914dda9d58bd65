import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteReader } from '#kernel/base/byte-reader.ts'
import { UnumError } from '#kernel/base/errors.ts'
import { type Configuration, isVoter, membersOf, readConfiguration, simpleConfiguration } from './configuration.ts'
import { encodeConfiguration } from './raft.ts'

const ids = (minLength: number) => fc.uniqueArray(fc.integer({ min: 1, max: 300 }), { minLength, maxLength: 8 })
const configurations = fc
  .record({ voters: ids(1), outgoing: ids(0), learners: ids(0) }, { noNullPrototype: true })
  .map(({ voters, outgoing, learners }) => {
    return { voters, outgoing, learners: learners.filter((replica) => !voters.includes(replica)) }
  })

const read = (bytes: Uint8Array) => readConfiguration(new ByteReader(bytes))

test('a configuration is read as it was written', () => {
  fc.assert(
    fc.property(configurations, (configuration) => {
      assert.deepEqual(read(encodeConfiguration(configuration)), configuration)
    }),
  )
})

test('the bytes are those of docs/formats/consensus-messages.md', () => {
  const configuration = { voters: [1, 4, 300], outgoing: [1, 2, 3], learners: [] }
  const bytes = Buffer.from(encodeConfiguration(configuration)).toString('hex')
  assert.equal(bytes, '030104ac020301020300')
})

test('bytes that were changed or cut are read as a configuration that could be, or refused', () => {
  const isPossible = ({ voters, outgoing, learners }: Configuration) => {
    const lists = [voters, outgoing, learners]
    const areSets = lists.every((list) => new Set(list).size === list.length && list.every((replica) => replica > 0))
    return voters.length > 0 && areSets && learners.every((replica) => !voters.includes(replica))
  }
  const changes = fc.record({ at: fc.nat(40), to: fc.integer({ min: 0, max: 255 }), length: fc.nat(40) })
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 40 }), configurations.map(encodeConfiguration)),
      changes,
      (bytes, change) => {
        const changed = bytes.slice(0, change.length)
        if (change.at < changed.length) changed[change.at] = change.to
        try {
          assert.ok(isPossible(read(changed)))
        } catch (error) {
          assert.ok(error instanceof UnumError && error.code === 'DATA_DAMAGED')
        }
      },
    ),
    { numRuns: 2000 },
  )
})

test('a count beyond the bytes takes no memory', () => {
  assert.throws(() => read(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x07, 1, 2)), { code: 'DATA_DAMAGED' })
})

test('members are all who receive entries, each once; voters are those of either half', () => {
  const configuration = { voters: [5, 1], outgoing: [1, 2], learners: [2, 9] }
  assert.deepEqual(membersOf(configuration), [1, 2, 5, 9])
  assert.deepEqual(
    [1, 2, 5, 9, 7].map((replica) => isVoter(configuration, replica)),
    [true, true, true, false, false],
  )
  assert.deepEqual(simpleConfiguration([10, 9, 1]), { voters: [1, 9, 10], outgoing: [], learners: [] })
})
