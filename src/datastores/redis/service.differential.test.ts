import { test } from 'node:test'
import { realRedisMissing, startRealRedis } from './testing/real-redis.ts'
import { compareServiceWithRealRedis } from './testing/service-differential.ts'
import { serviceForms } from './testing/service-forms.ts'

for (const [name, forms] of Object.entries(serviceForms)) {
  const skip = realRedisMissing()
  test(`${name}: thousands of random commands on a connection, replies of a real Redis`, { skip }, async () => {
    await using real = await startRealRedis()
    for (const protocol of [2, 3] as const) {
      for (const seed of ['a', 'b', 'c']) {
        await compareServiceWithRealRedis(real, { forms, protocol, seed: `${name} ${seed}`, count: 3000 })
      }
    }
  })
}
