import { equalBytes, latin1Bytes } from '#kernel/base/bytes.ts'
import { bucket, check, committedCorpus, type FuzzTarget } from '#kernel/base/testing/fuzz/index.ts'
import { type Configuration, simpleConfiguration } from '#kernel/consensus/configuration.ts'
import { createSortedMapTree } from '#kernel/storage/tables/index.ts'
import { ShardState } from './shard-state.ts'

const retentionUs = 100_000_000

function written(gateways: number, configuration: Configuration): Uint8Array {
  const state = new ShardState(createSortedMapTree(), retentionUs)
  state.count('keys', 12)
  state.count('expires', -1)
  for (let gateway = 1; gateway <= gateways; gateway++) {
    for (let sequence = 1; sequence <= 3 * gateway; sequence++) {
      const reply = sequence % 3 === 0 ? undefined : latin1Bytes(`:${sequence}\r\n`)
      state.transaction(gateway * 1000, 100 + sequence * 2, 99, 1_700_000_000_000_000 + sequence, reply)
    }
  }
  return state.writeMeta(configuration)
}

async function read(meta: Uint8Array): Promise<{ readonly state: ShardState; readonly configuration: Configuration }> {
  const tree = createSortedMapTree()
  await tree.flush({ index: 5, term: 2, meta })
  const state = new ShardState(tree, retentionUs)
  return { state, configuration: state.readMeta() }
}

const target: FuzzTarget = {
  name: 'shard-state',
  family: 'messages',
  // Sequences that lie as far apart as they may take memory for all between them, which is gone through.
  runMsMax: 2000,
  refusals: ['DATA_DAMAGED', 'FORMAT_UNKNOWN'],
  inputBytesMax: 1024,
  corpus: () => [
    written(0, simpleConfiguration([1])),
    written(1, simpleConfiguration([1, 2, 3])),
    written(4, { voters: [1, 2, 4], outgoing: [1, 2, 3], learners: [9] }),
    ...committedCorpus(import.meta.dirname, 'shard-state'),
  ],
  async run(input) {
    const { state, configuration } = await read(input)
    const again = state.writeMeta(configuration)
    const second = await read(again)
    check(equalBytes(second.state.writeMeta(second.configuration), again), 'what is read is written the same')
    for (let sequence = 98; sequence < 108; sequence++) state.replies.find(1000, sequence)
    return `${bucket(state.counters.size)} ${bucket(again.length)}`
  },
}

export const targets = [target]
