import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Simulation } from '#host/simulated/index.ts'
import { createRandom } from '#kernel/base/random.ts'
import { openNodeLog } from './node-log.ts'
import { describe, LogModel, OperationSource, perform } from './testing/log-model.ts'

suite('node log', () => {
  test('gives back what was appended', async () => {
    for (let seed = 0; seed < 40; seed++) {
      const sim = new Simulation({ seed })
      const { host } = sim.machine('a')
      const random = createRandom(seed)
      const source = new OperationSource(random, { groupsMax: 5, dataBytesMax: 9000, boundaries: 24 })
      const model = new LogModel()
      for (let round = 0; round < 4; round++) {
        let synced = 0
        const log = await sim.complete(
          openNodeLog({
            disk: host.disk,
            random: host.random,
            directory: 'log',
            segmentBytes: 16 << 10,
            events: {
              synced: (batch) => {
                assert.equal(batch, (synced || batch - 1) + 1)
                synced = batch
              },
              failed: (error) => assert.fail(error),
            },
          }),
        )
        assert.equal(describe(log.recovered.values()), model.text(), `seed ${seed} round ${round}`)
        for (let batch = 0; batch < 50; batch++) {
          for (let i = random.below(5); i >= 0; i--) {
            const operation = source.next(model)
            model.apply(operation)
            perform(log, operation)
          }
          log.flush()
          await sim.run({ forMs: random.float() })
        }
        await sim.complete(log.close())
        await sim.run()
      }
    }
  })
})
