import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunWithSubject } from './subject.ts'

/** What every `Clock` does. */
export function testClock(name: string, run: RunWithSubject): void {
  const check = (claim: string, body: Parameters<RunWithSubject>[0]) => test(`${name} clock: ${claim}`, () => run(body))

  check('monotonic time does not go back, and wall time is this century', async ({ host: { clock } }) => {
    let before = clock.monotonicMs()
    for (let i = 0; i < 20; i++) {
      await clock.sleep(0.1)
      const now = clock.monotonicMs()
      assert.ok(now > before)
      before = now
    }
    assert.ok(clock.wallMs() > Date.UTC(2020, 0) && clock.wallMs() < Date.UTC(2100, 0))
  })

  check('a timer fires once, later, not before its time', async ({ host: { clock } }) => {
    for (const delayMs of [0, 0.3, 1, 2.5, 7]) {
      const startMs = clock.monotonicMs()
      let fired = 0
      await new Promise<void>((resolve) => {
        clock.timer(delayMs, () => {
          fired++
          resolve()
        })
        assert.equal(fired, 0)
      })
      assert.ok(clock.monotonicMs() - startMs >= delayMs, `${delayMs} ms`)
      await clock.sleep(1)
      assert.equal(fired, 1)
    }
  })

  check('timers fire in the order of their times', async ({ host: { clock } }) => {
    const order: number[] = []
    await new Promise<void>((resolve) => {
      for (const delayMs of [30, 10, 20]) {
        clock.timer(delayMs, () => {
          order.push(delayMs)
          if (order.length === 3) resolve()
        })
      }
    })
    assert.deepEqual(order, [10, 20, 30])
  })

  check('a cancelled timer does not fire, however often it is cancelled', async ({ host: { clock } }) => {
    let fired = 0
    const timer = clock.timer(1, () => fired++)
    const both = [clock.timer(2, () => both[1]!.cancel()), clock.timer(30, () => fired++)]
    timer.cancel()
    timer.cancel()
    await clock.sleep(40)
    both[0]!.cancel()
    assert.equal(fired, 0)
  })

  check('defer runs in order, after the code and the promises of now, before a timer', async ({ host: { clock } }) => {
    const order: string[] = []
    await new Promise<void>((resolve) => {
      clock.timer(0, () => {
        clock.timer(0, () => {
          order.push('timer')
          resolve()
        })
        clock.defer(() => {
          order.push('first')
          clock.defer(() => order.push('third'))
        })
        clock.defer(() => order.push('second'))
        void Promise.resolve().then(() => order.push('promise'))
        order.push('code')
      })
    })
    assert.deepEqual(order, ['code', 'promise', 'first', 'second', 'third', 'timer'])
  })

  check('random draws', async ({ host: { random, clock } }) => {
    await clock.sleep(0)
    const child = random.child('x')
    assert.notDeepEqual([child.uint32(), child.uint32()], [random.uint32(), random.uint32()])
  })
}
