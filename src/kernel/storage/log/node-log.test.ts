import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Simulation } from '#host/simulated/index.ts'
import { createRandom } from '#kernel/base/random.ts'
import { openNodeLog } from './node-log.ts'
import { describe, LogModel, OperationSource, perform } from './testing/log-model.ts'

test('a log that is opened again and again holds what its twin in memory does', async () => {
  for (let seed = 0; seed < 40; seed++) {
    const simulation = new Simulation({ seed })
    const { disk, clock, random } = simulation.machine('a').host
    const chance = createRandom(seed)
    const source = new OperationSource(chance, {
      groupsMax: 1 + chance.below(8),
      dataBytesMax: 500 + chance.below(9000),
      boundaries: 10 + chance.below(30),
    })
    const segmentBytes = (16 << 10) * (1 + chance.below(4))
    const model = new LogModel()
    for (let life = 0; life < 4; life++) {
      let synced: number | undefined
      const log = await simulation.complete(
        openNodeLog({
          ...{ disk, clock, random, directory: 'log', segmentBytes },
          events: {
            synced: (batch) => {
              assert.equal(batch, (synced ?? batch - 1) + 1)
              synced = batch
            },
            full: () => assert.fail('the disk has room'),
            failed: (error) => assert.fail(error),
          },
        }),
      )
      assert.equal(describe(log.recovered.values()), model.text(), `seed ${seed}, life ${life}`)
      for (let turn = 0; turn < 50; turn++) {
        for (let left = chance.below(5); left >= 0; left--) {
          const operation = source.next(model)
          model.apply(operation)
          perform(log, operation)
        }
        log.flush()
        await simulation.run({ forMs: chance.float() })
      }
      await simulation.complete(log.close())
    }
  }
})
