import { utf8Bytes, utf8Text } from '#kernel/base/bytes.ts'
import { check, committedCorpus, type FuzzTarget, refusalOf } from '#kernel/base/testing/fuzz/index.ts'
import { identityText, parseIdentity } from '#node/identity.ts'
import { Failure } from '../failure.ts'
import { type ClusterFile, parseCluster } from './data-folder.ts'
import { shardsMax } from './limits.ts'

/** The two files that say who data belongs to; people may have been at them. */
const clusterFile: ClusterFile = {
  ...{ format: 1, clusterId: '0123456789abcdef0123456789abcdef', shards: 4, formed: true },
  nodes: ['a', 'b', 'c'].map((zone, k) => ({ name: `n${k + 1}`, zone })),
}
const identity = { format: 1, clusterId: clusterFile.clusterId, node: 'n1', nodeId: 1 }

function checkCluster({ clusterId, nodes, shards, formed }: ClusterFile): void {
  check(typeof clusterId === 'string' && /^[0-9a-f]{32}$/.test(clusterId), 'a cluster has an id')
  check(Number.isInteger(shards) && shards >= 1 && shards <= shardsMax, 'a cluster has shards')
  check(nodes.length >= 1 && nodes.length <= 7 && typeof formed === 'boolean', 'a cluster has nodes')
  check(
    nodes.every(({ name }, k) => name === `n${k + 1}`),
    'nodes have their names',
  )
}

const target: FuzzTarget = {
  name: 'data-folder',
  family: 'configuration',
  refusals: [],
  inputBytesMax: 1024,
  dictionary: ['null', '[]', '{}', '""', '-1', '1e999', '1e300', '0.5', '"__proto__":', '"format":', '2', ',', '"'],
  corpus: () => [
    utf8Bytes(JSON.stringify(clusterFile, null, 2)),
    utf8Bytes(JSON.stringify(clusterFile)),
    utf8Bytes(identityText(identity)),
    ...committedCorpus(import.meta.dirname, 'data-folder'),
  ],
  run(input) {
    const text = utf8Text(input)
    let cluster = 'a cluster'
    try {
      checkCluster(parseCluster(text, 'cluster.json'))
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      // Behind the name of the file.
      cluster = error.message.slice(16, 40)
    }
    const refusal = refusalOf(
      () => {
        // The only identity in the corpus: its checksum lets no other pass.
        check(identityText(parseIdentity(text)) === identityText(identity), 'damage is never taken for an identity')
      },
      'DATA_DAMAGED',
      'FORMAT_UNKNOWN',
    )
    return `${cluster}, ${refusal ? refusal.message.slice(-32) : 'an identity'}`
  },
}

export const targets = [target]
