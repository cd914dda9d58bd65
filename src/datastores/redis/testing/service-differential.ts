import assert from 'node:assert/strict'
import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import { createRandom } from '#kernel/base/random.ts'
import type { ProtocolVersion } from '../reply.ts'
import type { CommandForm } from './differential.ts'
import { batchCount, disturb, pickForm, shape } from './differential.ts'
import { NodeTwin } from './node-twin.ts'
import type { RealRedis } from './real-redis.ts'
import { readReply } from './reply-reader.ts'

/**
 * As `compareWithRealRedis`, through a connection of the whole service: pipelines of commands of all kinds, transactions
 * included, whose reads are answered at once and whose writes at the end of the turn.
 */
export async function compareServiceWithRealRedis(
  real: RealRedis,
  options: {
    readonly forms: readonly CommandForm[]
    readonly protocol: ProtocolVersion
    readonly seed: string
    readonly count: number
  },
): Promise<void> {
  const { protocol, forms, seed, count } = options
  const random = createRandom(seed)
  const node = new NodeTwin()
  const connection = node.connect()
  const totalWeight = forms.reduce((sum, form) => sum + form.weight, 0)
  await real.pipeline([['RESET'], ['FLUSHALL'], ['HELLO', String(protocol)]])
  node.exchange(connection, ['HELLO', protocol])
  const history: string[] = []
  for (let done = 0; done < count; done += batchCount) {
    const batch = Array.from({ length: batchCount }, () => {
      const form = pickForm(forms, random.below(totalWeight))
      return { words: disturb([...form.words(random)], form.fixed ?? 1, random), freedom: form.freedom ?? 'none' }
    })
    const theirs = await real.pipeline(batch.map(({ words }) => words))
    const stream = latin1Bytes(node.exchange(connection, ...batch.map(({ words }) => words)))
    let at = 0
    for (const [i, { words, freedom }] of batch.entries()) {
      const end = readReply(stream, at)?.end ?? stream.length
      const ours = latin1Text(stream, at, end)
      at = end
      const expected = latin1Text(theirs[i]!)
      history.push(words.map((word) => JSON.stringify(word)).join(' '))
      if (ours === expected || shape(ours, freedom) === shape(expected, freedom)) continue
      assert.fail(
        `seed ${JSON.stringify(seed)}, RESP${protocol}, after ${history.length} commands:\n${history.slice(-25).join('\n')}\nours:  ${JSON.stringify(ours)}\nRedis: ${JSON.stringify(expected)}`,
      )
    }
    assert.equal(at, stream.length, 'as many replies as commands')
  }
}
